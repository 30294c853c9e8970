-- Runs on both backends. No explicit ids: on PostgreSQL they would not advance the sequences.
INSERT INTO users (name, email) VALUES
    ('Edsger Dijkstra', 'edsger@example.com'),
    ('Barbara Liskov', 'barbara@example.com');

INSERT INTO profiles (user_id, display_name, location)
SELECT id, 'Barbara', 'Cambridge' FROM users WHERE email = 'barbara@example.com';

INSERT INTO resources (owner_id, name, value)
SELECT id, 'semaphore', 1965 FROM users WHERE email = 'edsger@example.com';

INSERT INTO resources (owner_id, name, value)
SELECT id, 'shortest path', 1959 FROM users WHERE email = 'edsger@example.com';

INSERT INTO resources (owner_id, name, value)
SELECT id, 'CLU', 1974 FROM users WHERE email = 'barbara@example.com';

INSERT INTO resources (owner_id, name, value) VALUES (NULL, 'whiteboard', 50);

-- What the second version of the API adds to a user.
CREATE TABLE profiles (
    user_id      INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL,
    location     TEXT,
    bio          TEXT
);

//! [`Choice`]: a server as a fixture wants it, and the order of ways to have it, which is the same
//! for all services with a URL, a program and an image.

use super::address::Address;
use super::container::{Builder as ContainerBuilder, container};
use super::directory::random;
use super::error::{Context, Result};
use super::probe::Probes;
use super::server::{Life, Origin, Running, blocking, in_container};

/// What is known of a service.
pub(crate) struct Ways {
    /// As people write it.
    pub(crate) name: &'static str,
    /// The variable with a server that is there for tests.
    pub(crate) url_variable: &'static str,
    /// The variable with another image than `image`.
    pub(crate) image_variable: &'static str,
    pub(crate) image: &'static str,
    /// Of its URLs; the first is ours.
    pub(crate) schemes: &'static [&'static str],
    /// Where it listens if nobody says otherwise.
    pub(crate) port: u16,
    /// What to do where there is none.
    pub(crate) help: &'static str,
}

/// The builder of a service.
pub(crate) trait Choice: Send + Sized + 'static {
    type Server: Send + 'static;
    const WAYS: Ways;

    /// Whether the server that the environment names would do.
    fn takes_given(&self) -> bool;

    /// Whether a container would do, which cannot have settings.
    fn takes_container(&self) -> bool;

    /// Starts the program, if there is one on this machine; recorded if not.
    fn start_program(
        &self,
        password: String,
        probes: &mut Probes,
    ) -> Result<Option<(Address, Running)>>;

    /// What the image needs, and when it is ready.
    fn container(&self, builder: ContainerBuilder, password: &str) -> ContainerBuilder;

    /// The URL of a server in a container of that host and port.
    fn address_in_container(host: &str, port: u16, password: String) -> Address;

    /// The value; an error if a server that the environment names does not answer.
    fn server(address: Address, origin: Origin, life: Life) -> Result<Self::Server>;
}

/// Starts it, or finds it; the inner `Err` is the reason why there is none here.
pub(crate) async fn start<C: Choice>(choice: C) -> Result<Result<C::Server, String>> {
    blocking(C::WAYS.name, move || choose(&choice)).await
}

fn choose<C: Choice>(choice: &C) -> Result<Result<C::Server, String>> {
    let ways = C::WAYS;
    let mut probes = Probes::new(ways.name);
    let variable = ways.url_variable;
    if choice.takes_given()
        && let Some(text) = probes.variable(variable)
    {
        let address = Address::of_variable(variable, &text, ways.schemes, ways.port)?;
        let origin = Origin::Given(variable.to_owned());
        return C::server(address, origin, Life::default())
            .context(|| format!("cannot use {variable}"))
            .map(Ok);
    }
    // Others on this machine can reach its port.
    let password = format!("{:016x}{:016x}", random(), random());
    if let Some((address, running)) = choice.start_program(password.clone(), &mut probes)? {
        return C::server(address, running.origin(), Life::of(running)).map(Ok);
    }
    if !choice.takes_container() {
        probes.failed("a container is not used, since it cannot have the settings asked for");
        return Ok(Err(probes.reason(ways.help)));
    }
    let image = std::env::var(ways.image_variable).unwrap_or_else(|_| ways.image.to_owned());
    let builder = choice.container(container(image).port(ways.port), &password);
    let Some(container) = in_container(builder, &mut probes) else {
        return Ok(Err(probes.reason(ways.help)));
    };
    let address = C::address_in_container(container.host(), container.port(ways.port), password);
    let running = Running::Container(container);
    C::server(address, running.origin(), Life::of(running)).map(Ok)
}

//! `main` of every service: settings, telemetry, socket, run, exit code.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use listenfd::ListenFd;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, Shutdown};
use crate::clock::Clock;
use crate::error::StartError;
use crate::settings::{ServiceSettings, load};
use crate::{database, telemetry};

/// Runs the service `name` with this process's arguments: `[migrate] [--config FILE]`.
pub fn main<S, F, R>(name: &'static str, run: F) -> ExitCode
where
    S: ServiceSettings,
    F: FnOnce(App, S) -> R,
    R: Future<Output = Result<(), StartError>>,
{
    main_with(name, std::env::args_os().skip(1), run)
}

/// As [`main`], with the given arguments (without the program's name).
pub fn main_with<S, F, R>(
    name: &'static str,
    arguments: impl IntoIterator<Item = OsString>,
    run: F,
) -> ExitCode
where
    S: ServiceSettings,
    F: FnOnce(App, S) -> R,
    R: Future<Output = Result<(), StartError>>,
{
    match try_main(name, arguments, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not to the log, which may not exist yet: this is for the person who typed the command.
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn try_main<S, F, R>(
    name: &'static str,
    arguments: impl IntoIterator<Item = OsString>,
    run: F,
) -> Result<(), StartError>
where
    S: ServiceSettings,
    F: FnOnce(App, S) -> R,
    R: Future<Output = Result<(), StartError>>,
{
    let arguments = Arguments::parse(name, arguments)?;
    let settings: S = load(name, arguments.config.as_deref())?;
    telemetry::install(settings.log()).map_err(StartError::Usage)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(StartError::System)?;
    if arguments.migrate {
        return runtime.block_on(database::migrate(settings.database(), &S::migrators()));
    }
    let listener = listen(settings.http().listen)?;
    let (http, keys) = (settings.http().clone(), settings.session().clone());
    let app = App::new(name, Clock::system(), http, keys, listener).map_err(StartError::System)?;
    let result = runtime.block_on(async {
        let shutdown = app.shutdown();
        end_on_signals(shutdown.clone()).map_err(StartError::System)?;
        tokio::select! {
            result = run(app.clone(), settings) => result,
            () = shutdown.aborted() => match app.take_failure() {
                // A background task that ended before the process began to serve.
                Some(failure) => Err(failure),
                None if shutdown.is_serving() => Err(StartError::Stopped),
                // Asked to end before it began to serve: there is nothing to finish.
                None => Ok(()),
            },
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    if result.is_ok() {
        tracing::info!("stopped");
    }
    result
}

/// Ends this process on SIGTERM and SIGINT: the first signal drains it ([`Shutdown::drain`]), the second one ends it at
/// once ([`Shutdown::abort`]). Needs a tokio runtime.
///
/// # Errors
/// The operating system refuses the signal handlers.
pub fn end_on_signals(shutdown: Shutdown) -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let signal = next().await;
        tracing::info!(signal, "asked to end; once more ends at once");
        shutdown.drain();
        let signal = next().await;
        tracing::warn!(signal, "asked again: ending at once");
        shutdown.abort();
    });
    Ok(())
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let refuse = |source| StartError::Listen { address, source };
    match ListenFd::from_env().take_tcp_listener(0).map_err(refuse)? {
        Some(inherited) => Ok(inherited),
        None => TcpListener::bind(address).map_err(refuse),
    }
}

#[derive(Debug, Default, PartialEq)]
struct Arguments {
    migrate: bool,
    config: Option<PathBuf>,
}

impl Arguments {
    fn parse(name: &str, arguments: impl IntoIterator<Item = OsString>) -> Result<Self, StartError> {
        let usage = |problem: String| {
            StartError::Usage(format!("{problem}\nusage: {name} [migrate] [--config FILE]"))
        };
        let mut parsed = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("migrate") => parsed.migrate = true,
                Some("--config") => {
                    let file = arguments.next().ok_or_else(|| usage("--config needs a file".to_owned()))?;
                    parsed.config = Some(file.into());
                }
                _ => return Err(usage(format!("unknown argument {}", argument.display()))),
            }
        }
        Ok(parsed)
    }
}

//! The service as a process of its own.

fn main() -> std::process::ExitCode {
    host::main::<award::AppState>()
}

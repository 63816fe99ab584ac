//! The intake service as a process of its own.

fn main() -> std::process::ExitCode {
    chassis::main("intake", intake::run)
}

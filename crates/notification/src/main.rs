//! Tells applicants, by email, that something waits for them.

fn main() -> std::process::ExitCode {
    chassis::main("notification", notification::run)
}

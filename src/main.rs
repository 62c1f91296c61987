//! The `mqx` command. The library documentation says how the code is laid out.

use std::process::ExitCode;

fn main() -> ExitCode {
    let line = mqx::cli::CommandLine::of_process();
    match line.parse().map_err(Into::into).and_then(mqx::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !mqx::error::class(&error).is_quiet() {
                mqx::output::report(&error);
            }
            ExitCode::from(line.exit_code(&error))
        }
    }
}

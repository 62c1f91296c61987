//! The `mqx` command. The library documentation says how the code is laid out.

use std::process::ExitCode;

/// What this program allocates with. The library leaves the choice to whoever
/// uses it.
///
/// jemalloc with a thread that gives memory back, since it is the only one that
/// does so while the broker is idle. Of glibc 2.36, mimalloc 2 and jemalloc 5.3,
/// in this order: after 300,000 queued messages were delivered 76, 71 and 18 MB
/// are left 12 seconds later (56 without the thread). An idle connection takes
/// 2,666, 2,287 and 2,299 bytes. A message of QoS 0 costs 222, 209 and 197 ns, one
/// of QoS 1 582, 673 and 566. Since queues trim themselves, a million messages
/// leave 203 MB with glibc and 5 with jemalloc. Ten seconds after the last message
/// the thread sleeps for good: nothing wakes an idle broker. The price: building
/// needs a shell and `make` beside the C compiler.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let line = mqx::cli::CommandLine::of_process();
    match line.parse().map_err(Into::into).and_then(mqx::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = line.exit_code(&error);
            if !mqx::error::class(&error).is_quiet() {
                mqx::output::report(&error, code);
            }
            ExitCode::from(code)
        }
    }
}

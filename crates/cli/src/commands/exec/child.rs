//! A program in our place: it has our standard files, our terminal and our process group, and gets the signals that are sent
//! to us.
//!
//! | signal | comes from | what happens |
//! |---|---|---|
//! | `SIGINT`, `SIGQUIT`, `SIGHUP` | the terminal, which sends it to the whole group | the program has it already; we wait for what it does |
//! | these, `SIGTERM`, `SIGUSR1`, `SIGUSR2` | another process, for us | sent on |
//! | `SIGTSTP`, `SIGTTIN`, `SIGTTOU`, `SIGCONT` | the terminal, the shell | both stop and go on, as a shell's job does |
//!
//! What was ignored when we came, as under `nohup`, stays so for both. The exit code is the program's, or 128 and the number
//! of the signal that ended it.

use std::io;
use std::process::Command;

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> io::Result<u8> {
    #[cfg(unix)]
    signals::listen();
    let mut child = command.spawn()?;
    #[cfg(unix)]
    let end = signals::send_on_to(&mut child);
    #[cfg(not(unix))]
    let end = child.wait();
    Ok(code(end?))
}

#[cfg(unix)]
fn code(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[cfg(not(unix))]
fn code(status: std::process::ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(unix)]
mod signals {
    use std::io;
    use std::process::{Child, ExitStatus};
    use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

    use libc::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, c_int, c_void, siginfo_t};

    const SENT_ON: [c_int; 6] = [SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2];

    /// 0: there is none.
    static CHILD: AtomicI32 = AtomicI32::new(0);
    /// Signals that came before there was a child, a bit each.
    static EARLY: AtomicU64 = AtomicU64::new(0);

    /// From now on our signals are the child's.
    pub(super) fn listen() {
        for signal in SENT_ON {
            handle(signal);
        }
        // Inherited from a parent that ignores it, it would take the child's end from us.
        #[expect(unsafe_code, reason = "sets a disposition, with no handler that could run")]
        unsafe {
            libc::signal(SIGCHLD, libc::SIG_DFL);
        }
    }

    /// Waits for its end.
    pub(super) fn send_on_to(child: &mut Child) -> io::Result<ExitStatus> {
        let id = c_int::try_from(child.id()).map_err(io::Error::other)?;
        CHILD.store(id, Ordering::SeqCst);
        let early = EARLY.swap(0, Ordering::SeqCst);
        for signal in SENT_ON.into_iter().filter(|signal| early & (1 << signal) != 0) {
            send(id, signal);
        }
        await_end(child.id());
        // Its number is its own until it is waited for.
        CHILD.store(0, Ordering::SeqCst);
        child.wait()
    }

    /// Returns when the child has ended, and leaves it to be waited for.
    fn await_end(id: u32) {
        loop {
            #[expect(unsafe_code, reason = "waitid writes into the zeroed structure that it is given")]
            let ended = unsafe {
                let mut info: siginfo_t = std::mem::zeroed();
                libc::waitid(libc::P_PID, id, &raw mut info, libc::WEXITED | libc::WNOWAIT)
            };
            if ended == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                return;
            }
        }
    }

    fn handle(signal: c_int) {
        #[expect(
            unsafe_code,
            reason = "the handler below does nothing but what POSIX allows one to do: atomics and kill(2)"
        )]
        unsafe {
            let mut before: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &raw mut before);
            if before.sa_sigaction == libc::SIG_IGN {
                return;
            }
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }

    extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
        #[expect(unsafe_code, reason = "with SA_SIGINFO the kernel passes a valid pointer")]
        let code = unsafe { (*info).si_code };
        if !is_from_process(code) {
            return;
        }
        match CHILD.load(Ordering::SeqCst) {
            0 => drop(EARLY.fetch_or(1 << signal, Ordering::SeqCst)),
            child => send(child, signal),
        }
    }

    /// Whether somebody sent it to us, and not the terminal to all.
    #[cfg(target_os = "linux")]
    fn is_from_process(code: c_int) -> bool {
        code <= 0
    }

    #[cfg(not(target_os = "linux"))]
    fn is_from_process(code: c_int) -> bool {
        // SI_USER and SI_QUEUE of the BSDs and macOS.
        code == 0x10001 || code == 0x10002
    }

    fn send(child: c_int, signal: c_int) {
        #[expect(unsafe_code, reason = "kill(2) takes two numbers; errno is put back for whom we interrupted")]
        unsafe {
            let errno = io::Error::last_os_error();
            libc::kill(child, signal);
            restore(&errno);
        }
    }

    #[cfg(target_os = "linux")]
    fn restore(error: &io::Error) {
        #[expect(unsafe_code, reason = "the address of this thread's errno")]
        unsafe {
            *libc::__errno_location() = error.raw_os_error().unwrap_or_default();
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn restore(_: &io::Error) {}
}

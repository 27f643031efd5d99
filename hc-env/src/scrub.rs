//! What `--scrub` drops: the variables that describe the host's session and service manager.
//!
//! They name processes, sockets, descriptors, directories and screens that a container does not have, or is
//! not to know of. The list is that of the page, group by group. What a program needs anywhere (`HOME`,
//! `PATH`, `LANG`, `TZ`, proxies, the `XDG` directories) is not of the host.

use crate::glob;

/// systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager". Version 258 added the
/// `…PIDFDID`s, and 261 the pressure of CPU and IO (its systemd.resource-control(5)).
const SERVICE_MANAGER: &[&str] = &[
    "LISTEN_*",
    "NOTIFY_SOCKET",
    "WATCHDOG_*",
    "FDSTORE",
    "MAINPID",
    "MAINPIDFDID",
    "MANAGERPID",
    "MANAGERPIDFDID",
    "SYSTEMD_EXEC_PID",
    "PIDFILE",
    "INVOCATION_ID",
    "DEBUG_INVOCATION",
    "JOURNAL_STREAM",
    "LOG_NAMESPACE",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "CREDENTIALS_DIRECTORY",
    "MEMORY_PRESSURE_*",
    "CPU_PRESSURE_*",
    "IO_PRESSURE_*",
    "SERVICE_RESULT",
    "EXIT_CODE",
    "EXIT_STATUS",
    "MONITOR_*",
    "TRIGGER_*",
    "REMOTE_*",
];

/// pam_systemd(8), "Environment", of version 258; `XDG_SEAT_PATH`, like `XDG_SESSION_PATH`, is lightdm's. The
/// `TZ`, `EMAIL` and `LANG` that are named there too are the user's own.
const LOGIN_SESSION: &[&str] = &[
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_*",
    "XDG_SEAT",
    "XDG_SEAT_PATH",
    "XDG_VTNR",
    "XDG_AREA",
    "SHELL_PROMPT_PREFIX",
    "SHELL_PROMPT_SUFFIX",
    "SHELL_WELCOME",
];

/// ld.so(8): files that are loaded into every program.
const LOADER: &[&str] = &["LD_*"];

/// ssh(1) and ssh-agent(1); gpg-agent(1).
const AGENTS: &[&str] = &["SSH_*", "GPG_AGENT_INFO", "GPG_TTY"];

/// dbus-daemon(1) and dbus-launch(1); the bus of the accessibility tools (at-spi2-core).
const BUSES: &[&str] = &["DBUS_*", "AT_SPI_BUS_ADDRESS"];

/// X(7), xauth(1), iceauth(1) and the X session management protocol; wl_display_connect(3); the
/// specifications of desktop entries, startup notification and xdg-activation of freedesktop.org.
const DISPLAY: &[&str] = &[
    "DISPLAY",
    "XAUTHORITY",
    "ICEAUTHORITY",
    "SESSION_MANAGER",
    "WAYLAND_*",
    "XDG_CURRENT_DESKTOP",
    "DESKTOP_STARTUP_ID",
    "XDG_ACTIVATION_TOKEN",
];

/// sudo(8), which run0(1) follows; pkexec(1) and doas(1): who the user was before.
const CALLER: &[&str] = &["SUDO_*", "PKEXEC_UID", "DOAS_USER"];

/// tmux(1), screen(1) and xterm(1): which terminal it is, not what kind of.
const TERMINAL: &[&str] = &["TMUX", "TMUX_PANE", "STY", "WINDOW", "WINDOWID"];

const GROUPS: [&[&str]; 8] =
    [SERVICE_MANAGER, LOGIN_SESSION, LOADER, AGENTS, BUSES, DISPLAY, CALLER, TERMINAL];

/// True for the name of a variable that says something about the host.
pub(crate) fn is_of_the_host(name: &[u8]) -> bool {
    GROUPS.into_iter().flatten().any(|pattern| glob::matches(pattern.as_bytes(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &str, expected: bool) {
        for name in names.split_whitespace() {
            assert_eq!(is_of_the_host(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn what_systemd_sets_for_services_is_of_the_host() {
        check(
            "LISTEN_FDS LISTEN_PID LISTEN_PIDFDID LISTEN_FDNAMES NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC FDSTORE
             MAINPID MAINPIDFDID MANAGERPID MANAGERPIDFDID SYSTEMD_EXEC_PID PIDFILE INVOCATION_ID DEBUG_INVOCATION
             JOURNAL_STREAM LOG_NAMESPACE RUNTIME_DIRECTORY STATE_DIRECTORY CACHE_DIRECTORY LOGS_DIRECTORY
             CONFIGURATION_DIRECTORY CREDENTIALS_DIRECTORY MEMORY_PRESSURE_WATCH MEMORY_PRESSURE_WRITE
             CPU_PRESSURE_WATCH IO_PRESSURE_WRITE SERVICE_RESULT EXIT_CODE EXIT_STATUS MONITOR_SERVICE_RESULT
             MONITOR_EXIT_CODE MONITOR_EXIT_STATUS MONITOR_INVOCATION_ID MONITOR_UNIT TRIGGER_UNIT TRIGGER_PATH
             TRIGGER_TIMER_REALTIME_USEC TRIGGER_TIMER_MONOTONIC_USEC REMOTE_ADDR REMOTE_PORT",
            true,
        );
    }

    #[test]
    fn what_belongs_to_a_session_is_of_the_host() {
        check(
            "XDG_RUNTIME_DIR XDG_SESSION_ID XDG_SESSION_TYPE XDG_SESSION_CLASS XDG_SESSION_DESKTOP XDG_SESSION_PATH
             XDG_SEAT XDG_SEAT_PATH XDG_VTNR XDG_AREA SHELL_PROMPT_PREFIX SHELL_PROMPT_SUFFIX SHELL_WELCOME
             LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT SSH_AUTH_SOCK SSH_AGENT_PID SSH_CONNECTION SSH_TTY GPG_AGENT_INFO
             GPG_TTY DBUS_SESSION_BUS_ADDRESS DBUS_STARTER_ADDRESS AT_SPI_BUS_ADDRESS DISPLAY XAUTHORITY ICEAUTHORITY
             SESSION_MANAGER WAYLAND_DISPLAY WAYLAND_SOCKET XDG_CURRENT_DESKTOP DESKTOP_STARTUP_ID
             XDG_ACTIVATION_TOKEN SUDO_USER SUDO_UID SUDO_GID SUDO_COMMAND PKEXEC_UID DOAS_USER TMUX TMUX_PANE STY
             WINDOW WINDOWID",
            true,
        );
    }

    #[test]
    fn what_a_program_needs_anywhere_stays() {
        check(
            "HOME USER LOGNAME SHELL PATH TERM COLORTERM LANG LANGUAGE LC_ALL LC_CTYPE TZ EMAIL MAIL EDITOR PAGER PWD
             OLDPWD SHLVL _ TMPDIR HOSTNAME container HTTP_PROXY http_proxy no_proxy SSL_CERT_FILE PYTHONPATH
             XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_DATA_HOME XDG_DATA_DIRS XDG_CACHE_HOME XDG_STATE_HOME LESS LS_COLORS
             NO_COLOR SOURCE_DATE_EPOCH",
            false,
        );
        assert!(!is_of_the_host(b""));
    }

    #[test]
    fn a_name_that_only_looks_like_one_of_the_list_stays() {
        check(
            "LD LDFLAGS OLD_LD_PATH ld_preload LISTEN NOTIFY_SOCKET2 MY_NOTIFY_SOCKET MAINPIDS DISPLAYS SSH GIT_SSH_COMMAND
             XDG_SEATS XDG_RUNTIME_DIRS DBUS TMUX_TMPDIR WINDOWS EXIT_CODES STYLE CACHE_DIRECTORY_SIZE",
            false,
        );
    }
}

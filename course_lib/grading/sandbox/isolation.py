"""The layers a fork puts on itself before it runs a learner's code; each says whether it held.

Only what no kept tool does from inside a forked process is here: namespaces, a throw-away uid, limits, Landlock,
seccomp. The outer wall is bubblewrap's (`outer_wall`). Linux only; elsewhere nothing here is called.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import stat
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER = 0x00020000, 0x20000000, 0x10000000
CLONE_THREAD = 0x00010000
_MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE, _MNT_DETACH = 2, 4, 0x4000, 0x40000, 2
_PR_SET_DUMPABLE, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 4, 8, 38
#: Either lets the throw-away user read an interpreter in a private home; a default container has the second alone.
_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE = 2, 1
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _MAKE_CHAR, _MAKE_BLOCK, _TRUNCATE = (
    1 << n for n in (0, 1, 2, 3, 6, 11, 14)
)
#: File rights Landlock knows from ABI 1, 2, 3 and 5 on.
_FILE_RIGHTS = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_EPERM, _ENOSYS = 1, 38
LAYERS = ("namespaces", "uid", "rlimits", "landlock", "seccomp")

libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """What one submission may use; times in seconds, sizes in MiB.

    Attributes
    ----------
    cells_s : float
        Wall time for running the cells of one session.
    call_s : float
        Wall time for one call of an answer.
    total_s : float
        Wall time for the whole submission, retries included.
    cpu_s : int
        Processor time of one session.
    memory_mb, scratch_mb : int
        Memory beyond the warmed process; size of the scratch folder, where there is one, and of any file.
    open_files, threads : int
    """

    cells_s: float = 30.0
    call_s: float = 5.0
    total_s: float = 60.0
    cpu_s: int = 60
    memory_mb: int = 1024
    scratch_mb: int = 32
    open_files: int = 64
    threads: int = 32


@dataclass(frozen=True)
class Cage:
    """What a fork is allowed, made by the zygote.

    Attributes
    ----------
    limits : Limits
    uid : int
        Throw-away user and group; 0 leaves the user as it is.
    scratch : str
        The one writable folder; empty where there is none, as without mounts nothing bounds its size.
    own_mounts : bool
        Whether the process stands in its own mount namespace and may mount.
    readable : tuple of str
        Files and folders Landlock leaves readable.
    listable : tuple of str
        Folders whose names may be listed, as an import does, though not all in them be read.
    reads_past_permissions : bool
        Keep the one capability that lets the throw-away user read an interpreter which lies in a private home; what
        Landlock leaves readable still bounds it.
    """

    limits: Limits
    uid: int
    scratch: str
    own_mounts: bool
    readable: tuple[str, ...]
    listable: tuple[str, ...] = ()
    reads_past_permissions: bool = False


def enter(cage: Cage) -> dict[str, str]:
    """Put on every layer, outermost first.

    Returns
    -------
    dict of str to str
        Layer to ``"held"`` or to the reason it did not.
    """
    rules = _rules(cage.readable, _READ_FILE | _READ_DIR) + _rules(cage.listable, _READ_DIR) + _null()
    # First: it reads /proc, which the next step takes away. What Landlock is told of is open until it has been told.
    most = replace(cage.limits, open_files=cage.limits.open_files + len(rules))
    held = {"rlimits": _try(lambda: _limit(most))}
    held["namespaces"] = _try(lambda: _own_mounts(cage)) if cage.own_mounts else "refused by this system"
    scratch = [_open_path(cage.scratch)] if cage.scratch else []
    os.chdir(cage.scratch or "/")
    kept = _reading_power() if cage.reads_past_permissions else 0
    held["uid"] = _try(lambda: _become(cage.uid, keep=bool(kept))) if cage.uid else "needs root"
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _capabilities(kept)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    held["landlock"] = _try(lambda: _landlock(rules, scratch))
    if held["landlock"] != "held":
        _capabilities(0)
    for fd in (*scratch, *(fd for fd, _ in rules)):
        os.close(fd)
    if held["rlimits"] == "held":
        held["rlimits"] = _try(lambda: _bound(resource.RLIMIT_NOFILE, cage.limits.open_files))
    held["seccomp"] = _try(_seccomp)
    return {layer: held[layer] for layer in LAYERS}


def enter_lightly(limits: Limits, uid: int, scratch: str, readable: Iterable[str], listable: Iterable[str]) -> None:
    """The layers a real kernel can live under: limits, a throw-away uid, no new powers, Landlock on files, seccomp.

    Raises
    ------
    OSError, ImportError
        Where one of them is refused; nothing may run then.
    """
    rules = _rules(readable, _READ_FILE | _READ_DIR | _EXECUTE) + _rules(listable, _READ_DIR) + _null()
    here = _open_path(scratch)
    # A kernel opens more, starts threads for each channel, and reserves address space it never uses.
    _limit(replace(limits, open_files=512, threads=256, memory_mb=4 * limits.memory_mb))
    if uid:
        _become(uid)
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _capabilities(0)
    _landlock(rules, [here], network=False)
    for fd in (here, *(fd for fd, _ in rules)):
        os.close(fd)
    _light_filter().load()


def level(held: dict[str, str]) -> str:
    """Name what held: ``full``, ``strong`` (as in a default container), ``basic`` or ``none``."""
    ok = {layer for layer, state in held.items() if state == "held"}
    if ok >= set(LAYERS):
        return "full"
    if ok >= {"rlimits", "landlock", "seccomp"} and ok & {"uid", "namespaces"}:
        return "strong"
    return "basic" if "rlimits" in ok else "none"


def next_child_in_new_pid_namespace() -> None:
    """Make the next fork process 1 of a namespace of its own: when it ends, all in it ends.

    Raises
    ------
    OSError
        Where the system refuses.
    """
    _checked(libc.unshare(CLONE_NEWPID))


def children_in_own_pid_namespace_again() -> None:
    """Undo `next_child_in_new_pid_namespace`, without which a second one is refused."""
    fd = os.pidfd_open(os.getpid())
    try:
        _checked(libc.setns(fd, CLONE_NEWPID))
    finally:
        os.close(fd)


def enter_user_namespace() -> None:
    """Without root: a user namespace in which this process may make the others; its next child is process 1 of one.

    Raises
    ------
    OSError
        Where the system refuses.
    """
    uid, gid = os.getuid(), os.getgid()
    _checked(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _try(layer: Callable[[], None]) -> str:
    try:
        layer()
    except (OSError, ImportError, RuntimeError, ValueError, AttributeError) as error:
        return str(error) or type(error).__name__
    return "held"


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _open_path(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def _own_mounts(cage: Cage) -> None:
    """A scratch folder of this fork's own, and no /proc."""
    _checked(libc.unshare(CLONE_NEWNS))
    _checked(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None))
    options = f"size={cage.limits.scratch_mb}m,mode=0777,nr_inodes=4096".encode()
    _checked(libc.mount(b"tmpfs", cage.scratch.encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, options))
    if libc.umount2(b"/proc", _MNT_DETACH) < 0:  # a user namespace may not take away what it was given, but cover it
        _checked(libc.mount(b"tmpfs", b"/proc", b"tmpfs", _MS_NOSUID | _MS_NODEV, b"size=4k,mode=0555"))
    if os.getpid() != 1:
        raise OSError("no process namespace")


def _limit(limits: Limits) -> None:
    mega = 1024 * 1024
    for kind, value in (
        (resource.RLIMIT_AS, _address_space() + limits.memory_mb * mega),
        # The hard limit alone: process 1 of a namespace does not heed the soft limit's signal.
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.scratch_mb * mega),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_NPROC, limits.threads),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        _bound(kind, value)


def _bound(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    """Bytes of address space in use; 1 GiB is assumed where /proc is not mounted."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 1024**3


def _become(uid: int, *, keep: bool = False) -> None:
    libc.prctl(_PR_SET_KEEPCAPS, int(keep), 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _capabilities(kept: int) -> None:
    """Give up what is left of root's powers, but for the bits in `kept`."""
    header = struct.pack("=Ii", 0x20080522, 0)
    libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0))


def _reading_power() -> int:
    """The bit of the capability to read what permissions forbid, of those that this process has; 0 without one."""
    header, told = struct.pack("=Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
    if libc.capget(header, told) < 0:
        return 0
    permitted = struct.unpack("=6I", told.raw)[1]
    return next((1 << bit for bit in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE) if permitted >> bit & 1), 0)


def landlock_abi() -> int:
    """The kernel's Landlock version; raises OSError where there is none."""
    return _checked(libc.syscall(_LANDLOCK_CREATE, None, 0, 1))


def _rules(paths: Iterable[str], rights: int) -> list[tuple[int, int]]:
    """Open files and folders while it is still allowed; a file's rights are those that a file can have."""
    opened = [_open_path(path) for path in paths if os.path.exists(path)]
    return [(fd, rights if stat.S_ISDIR(os.fstat(fd).st_mode) else rights & ~_READ_DIR) for fd in opened]


def _null() -> list[tuple[int, int]]:
    return _rules([os.devnull], _READ_FILE | _WRITE_FILE | _TRUNCATE)


def _landlock(rules: Iterable[tuple[int, int]], scratch: Iterable[int], *, network: bool = True) -> None:
    abi = landlock_abi()
    files = sum(bits for since, bits in _FILE_RIGHTS if abi >= since)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    others = 0b11 if network else 0  # TCP bind and connect; signals and abstract sockets to the outside
    ruleset = _checked(libc.syscall(_LANDLOCK_CREATE, struct.pack("=QQQ", files, others, others)[:size], size, 0))
    for fd, rights in rules:
        _allow(ruleset, fd, rights & files)
    for fd in scratch:
        _allow(ruleset, fd, files & ~(_EXECUTE | _MAKE_CHAR | _MAKE_BLOCK))
    _checked(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _allow(ruleset: int, fd: int, rights: int) -> None:
    rule = struct.pack("=Qi", rights, fd)
    _checked(libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0))


#: System calls that no answer needs; the call fails with EPERM.
FORBIDDEN = """
    socket bind connect listen accept accept4 fork vfork execve execveat ptrace process_vm_readv process_vm_writev
    pidfd_open pidfd_getfd pidfd_send_signal kcmp mount umount2 move_mount open_tree fsopen fsconfig fsmount fspick
    mount_setattr pivot_root chroot unshare setns bpf perf_event_open userfaultfd keyctl add_key request_key
    io_uring_setup io_uring_enter io_uring_register init_module finit_module delete_module kexec_load kexec_file_load
    reboot swapon swapoff quotactl acct settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname
    open_by_handle_at name_to_handle_at shmget shmat shmctl semget semop semctl msgget msgsnd msgrcv msgctl mq_open
    iopl ioperm syslog vhangup personality lookup_dcookie modify_ldt fanotify_init inotify_init inotify_init1
    setpriority ioprio_set sched_setscheduler sched_setattr sched_setparam mknod mknodat setuid setgid setresuid
    setresgid setgroups memfd_create memfd_secret kill tkill rt_sigqueueinfo sendmsg recvmsg sendmmsg recvmmsg
""".split()
#: Of these, what a kernel, its processes and its sockets need.
_NEEDED_BY_A_KERNEL = """
    socket bind connect listen accept accept4 sendmsg recvmsg sendmmsg recvmmsg fork vfork execve execveat
    kill tkill rt_sigqueueinfo setpriority ioprio_set sched_setscheduler sched_setattr sched_setparam inotify_init
    inotify_init1
""".split()


@lru_cache(maxsize=1)
def seccomp_filter() -> Any:
    """The filter, or why there is none; made once before the forks, so that loading it in a fork costs little."""
    try:
        return _filter()
    except (ImportError, OSError, RuntimeError, ValueError, AttributeError) as error:
        return f"libseccomp cannot be used: {str(error).splitlines()[0] if str(error) else type(error).__name__}"


def _filter() -> Any:
    import pyseccomp

    permit = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in FORBIDDEN:
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # unknown to this architecture or library
            permit.add_rule(pyseccomp.ERRNO(_EPERM), name)
    # A thread is allowed, a process is not; clone3 hides its flags, so libc is told to use clone instead.
    permit.add_rule(pyseccomp.ERRNO(_EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        permit.add_rule(pyseccomp.ERRNO(_ENOSYS), "clone3")
    return permit


def _light_filter() -> Any:
    """The filter for a real kernel: processes and sockets are allowed, memory that no limit counts is not."""
    import pyseccomp

    permit = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in sorted(set(FORBIDDEN) - set(_NEEDED_BY_A_KERNEL)):
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            permit.add_rule(pyseccomp.ERRNO(_EPERM), name)
    return permit


def _seccomp() -> None:
    made = seccomp_filter()
    if isinstance(made, str):
        raise OSError(made)
    made.load()

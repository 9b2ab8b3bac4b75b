/**
 * A seccomp filter for bubblewrap's `--seccomp`: system calls that no tool needs and that kernel exploits begin with are
 * answered with EPERM. It also keeps programs from making user namespaces of their own, which bubblewrap before 0.8 cannot
 * forbid. Undefined on machines whose system call numbers are not listed here.
 *
 * The format is classic BPF over `struct seccomp_data` (linux/seccomp.h, linux/filter.h).
 */
export function syscallFilter(arch: string): Uint8Array | undefined {
  const machine = machines[arch];
  if (!machine) return undefined;
  const program: Instruction[] = [
    load(offsets.arch),
    ...unlessEqual(machine.auditArch, [give(verdict.kill)]),
    load(offsets.number),
    // On x86-64, numbers with this bit are the x32 calls: the same kernel functions by other numbers.
    ...ifAtLeast(x32Bit, [give(verdict.unknown)]),
    // clone3 hides its flags behind a pointer, where no filter can look: programs fall back to clone.
    ...ifEqual(machine.clone3, [give(verdict.unknown)]),
    ...ifEqual(machine.clone, [
      load(offsets.firstArgument),
      ...ifAnyBit(newUserNamespace, [give(verdict.refuse)]),
      give(verdict.allow),
    ]),
    ...machine.refused.flatMap((number) => (number === undefined ? [] : ifEqual(number, [give(verdict.refuse)]))),
    give(verdict.allow),
  ];
  return new Uint8Array(program.flatMap(encode));
}

/** From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and, for arm64, scripts/syscall.tbl. */
const refused: readonly Call[] = [
  { name: "acct", x64: 163, arm64: 89 },
  { name: "add_key", x64: 248, arm64: 217 },
  { name: "adjtimex", x64: 159, arm64: 171 },
  { name: "bpf", x64: 321, arm64: 280 },
  { name: "chroot", x64: 161, arm64: 51 },
  { name: "clock_adjtime", x64: 305, arm64: 266 },
  { name: "clock_settime", x64: 227, arm64: 112 },
  { name: "delete_module", x64: 176, arm64: 106 },
  { name: "finit_module", x64: 313, arm64: 273 },
  { name: "fsconfig", x64: 431, arm64: 431 },
  { name: "fsmount", x64: 432, arm64: 432 },
  { name: "fsopen", x64: 430, arm64: 430 },
  { name: "fspick", x64: 433, arm64: 433 },
  { name: "init_module", x64: 175, arm64: 105 },
  { name: "io_uring_enter", x64: 426, arm64: 426 },
  { name: "io_uring_register", x64: 427, arm64: 427 },
  { name: "io_uring_setup", x64: 425, arm64: 425 },
  { name: "ioperm", x64: 173 },
  { name: "iopl", x64: 172 },
  { name: "kexec_file_load", x64: 320, arm64: 294 },
  { name: "kexec_load", x64: 246, arm64: 104 },
  { name: "keyctl", x64: 250, arm64: 219 },
  { name: "lookup_dcookie", x64: 212, arm64: 18 },
  { name: "mount", x64: 165, arm64: 40 },
  { name: "mount_setattr", x64: 442, arm64: 442 },
  { name: "move_mount", x64: 429, arm64: 429 },
  { name: "name_to_handle_at", x64: 303, arm64: 264 },
  { name: "open_by_handle_at", x64: 304, arm64: 265 },
  { name: "open_tree", x64: 428, arm64: 428 },
  { name: "perf_event_open", x64: 298, arm64: 241 },
  { name: "pivot_root", x64: 155, arm64: 41 },
  { name: "quotactl", x64: 179, arm64: 60 },
  { name: "reboot", x64: 169, arm64: 142 },
  { name: "request_key", x64: 249, arm64: 218 },
  { name: "setns", x64: 308, arm64: 268 },
  { name: "settimeofday", x64: 164, arm64: 170 },
  { name: "swapoff", x64: 168, arm64: 225 },
  { name: "swapon", x64: 167, arm64: 224 },
  { name: "syslog", x64: 103, arm64: 116 },
  { name: "umount2", x64: 166, arm64: 39 },
  { name: "unshare", x64: 272, arm64: 97 },
  { name: "userfaultfd", x64: 323, arm64: 282 },
];

interface Call {
  readonly name: string;
  readonly x64: number;
  /** Absent for what only x86 has. */
  readonly arm64?: number;
}

interface Machine {
  /** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 */
  readonly auditArch: number;
  readonly clone: number;
  readonly clone3: number;
  readonly refused: readonly (number | undefined)[];
}

const machines: Readonly<Record<string, Machine | undefined>> = {
  x64: { auditArch: 0xc000_003e, clone: 56, clone3: 435, refused: refused.map((call) => call.x64) },
  arm64: { auditArch: 0xc000_00b7, clone: 220, clone3: 435, refused: refused.map((call) => call.arm64) },
};

interface Instruction {
  readonly code: number;
  /** How many instructions to skip when the condition holds, and when it does not. */
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly value: number;
}

const offsets = { number: 0, arch: 4, firstArgument: 16 } as const;
/** SECCOMP_RET_KILL_PROCESS, _ERRNO with EPERM and with ENOSYS, _ALLOW. */
const verdict = { kill: 0x8000_0000, refuse: 0x0005_0001, unknown: 0x0005_0026, allow: 0x7fff_0000 } as const;
const x32Bit = 0x4000_0000;
/** CLONE_NEWUSER */
const newUserNamespace = 0x1000_0000;

function load(offset: number): Instruction {
  return { code: 0x20, whenTrue: 0, whenFalse: 0, value: offset };
}

function give(answer: number): Instruction {
  return { code: 0x06, whenTrue: 0, whenFalse: 0, value: answer };
}

function ifEqual(value: number, then: readonly Instruction[]): Instruction[] {
  return [{ code: 0x15, whenTrue: 0, whenFalse: then.length, value }, ...then];
}

function unlessEqual(value: number, then: readonly Instruction[]): Instruction[] {
  return [{ code: 0x15, whenTrue: then.length, whenFalse: 0, value }, ...then];
}

function ifAtLeast(value: number, then: readonly Instruction[]): Instruction[] {
  return [{ code: 0x35, whenTrue: 0, whenFalse: then.length, value }, ...then];
}

function ifAnyBit(bits: number, then: readonly Instruction[]): Instruction[] {
  return [{ code: 0x45, whenTrue: 0, whenFalse: then.length, value: bits }, ...then];
}

/** `struct sock_filter`: 16-bit code, two 8-bit jumps, a 32-bit value, little-endian on both machines. */
function encode({ code, whenTrue, whenFalse, value }: Instruction): number[] {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(whenTrue, 2);
  bytes.writeUInt8(whenFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return [...bytes];
}

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sandboxAtHand, whyNoBubblewrap } from "../support/sandbox.ts";

const reason = await whyNoBubblewrap();
const python = existsSync("/usr/bin/python3");

/** Attempts to get out of the sandbox, from inside. */
describe.skipIf(reason !== undefined)(`inside bubblewrap${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  test("the workspace is writable, at the path it has outside, and is home", async () => {
    await using at = await sandboxAtHand();
    const { output, exitCode } = await at.sh("pwd; echo $HOME; mkdir new && echo made >new/file; cat new/file");
    expect({ output, exitCode }).toEqual({ output: `${at.workspace}\n${at.workspace}\nmade\n`, exitCode: 0 });
    expect(await readFile(join(at.workspace, "new/file"), "utf8")).toBe("made\n");
  });

  test("nothing else is writable", async () => {
    await using at = await sandboxAtHand();
    const before = createHash("sha256")
      .update(await readFile("/etc/passwd"))
      .digest("hex");
    const places = [
      "/pwn",
      "/usr/pwn",
      "/usr/bin/pwn",
      "/etc/passwd",
      "/etc/pwn",
      "/home/pwn",
      "/dev/pwn",
      "/proc/sys/kernel/domainname",
    ];
    const { output } = await at.sh(
      `echo x >${at.workspace}/../pwn; for f in ${places.join(" ")}; do (echo x >$f) 2>/dev/null && echo wrote $f; done; echo tried`,
    );
    expect(output).toBe("tried\n");
    expect(
      createHash("sha256")
        .update(await readFile("/etc/passwd"))
        .digest("hex"),
    ).toBe(before);
    expect((await readdir(join(at.workspace, ".."))).toSorted()).toEqual(["state", "ws"]);
  });

  test("keys, state, shadow passwords and the host's folders are not there", async () => {
    await using at = await sandboxAtHand();
    await writeFile(join(at.stateDir, "credentials"), "CANARY");
    const { output } = await at.sh(
      `cat ${at.stateDir}/* ~/.ssh/* /root/.ssh/* /etc/shadow /etc/ssl/private/* /etc/sudoers 2>/dev/null; ls -A /root /home /var /run /opt /mnt /srv /boot /sys 2>/dev/null; ls -A ${join(at.workspace, "..")}`,
    );
    expect(output).toBe("ws\n");
  });

  test("the state is invisible also where it lies in the workspace, or holds it", async () => {
    await using at = await sandboxAtHand();
    for (const [workspace, stateDir] of [
      [at.workspace, join(at.workspace, "state")],
      [join(at.stateDir, "ws"), at.stateDir],
    ] as const) {
      await mkdir(workspace, { recursive: true });
      await mkdir(stateDir, { recursive: true });
      await writeFile(join(stateDir, "key"), "CANARY");
      await using inner = await sandboxAtHand({ workspace, stateDir });
      const { output } = await inner.sh(
        `ls -A ${stateDir}; cat ${stateDir}/key 2>&1; echo x 2>/dev/null >${stateDir}/key; true`,
      );
      expect(output).not.toContain("CANARY");
      expect(output).toContain("No such file");
      expect(await readFile(join(stateDir, "key"), "utf8")).toBe("CANARY");
    }
  });

  test("the environment is exactly ours, in every process to be seen", async () => {
    await using at = await sandboxAtHand();
    process.env["OPENCLAW_CANARY_KEY"] = "CANARY";
    try {
      const { output } = await at.sh(
        "env | sort | cut -d= -f1 | tr '\\n' ' '; cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -c CANARY",
      );
      expect(output).toBe("HOME LANG PATH PWD TERM TZ 0\n");
    } finally {
      delete process.env["OPENCLAW_CANARY_KEY"];
    }
  });

  test("no other process, descriptor, terminal or host name is to be seen", async () => {
    await using at = await sandboxAtHand();
    const { output } = await at.sh(
      "ls -d /proc/[0-9]* | wc -l; for fd in /proc/self/fd/*; do echo ${fd##*/}; done | sort -n | tr '\\n' ' '; echo; (: </dev/tty) 2>/dev/null && echo tty; hostname; cat /proc/self/cgroup | grep -cv ':/$'",
    );
    const [processes, descriptors, ...rest] = output.trim().split("\n");
    expect(Number(processes)).toBeLessThanOrEqual(6);
    expect(descriptors?.trim()).toMatch(/^0 1 2( 3)?$/); // 3 is the shell's own, for the pattern
    expect(rest).toEqual(["sandbox", "0"]);
  });

  test("the kernel's own files are out of reach, for a gateway that runs as root too", async () => {
    await using at = await sandboxAtHand();
    const before = await readFile("/proc/sys/kernel/core_pattern", "utf8");
    const { output } = await at.sh(
      `(echo '${before.trim()}' >/proc/sys/kernel/core_pattern) 2>/dev/null && echo core_pattern
       (: >>/proc/sysrq-trigger) 2>/dev/null && echo sysrq
       for f in kcore keys kmsg timer_list vmallocinfo kpageflags; do head -c1 /proc/$f >/dev/null 2>&1 && echo read $f; done
       find /proc/sys /proc/irq /proc/bus /proc/fs /proc/mtrr /proc/acpi -type f -writable 2>/dev/null | while read f; do (: >>$f) 2>/dev/null && echo open $f; done
       for d in mem kmem sda vda kvm fuse; do [ -e /dev/$d ] && echo $d; done; mknod d b 8 0 2>/dev/null && echo mknod; echo tried`,
    );
    expect(output).toBe("tried\n");
    expect(await readFile("/proc/sys/kernel/core_pattern", "utf8")).toBe(before);
  });

  test("there are no privileges, and no way to some", async () => {
    await using at = await sandboxAtHand();
    const { output } = await at.sh(
      `id -u; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\\t' | tr '\\n' ' '; echo
       unshare -Ur true 2>/dev/null && echo userns; unshare -m true 2>/dev/null && echo mountns
       mount -t tmpfs x /tmp 2>/dev/null && echo mount; chroot / true 2>/dev/null && echo chroot; sudo -n true 2>/dev/null && echo sudo; echo tried`,
    );
    const [uid, status, ...rest] = output.trim().split("\n");
    expect(uid).not.toBe("0");
    expect(status?.trim()).toBe("CapEff:0000000000000000 CapBnd:0000000000000000 NoNewPrivs:1 Seccomp:2");
    expect(rest).toEqual(["tried"]);
  });

  test.skipIf(!python)("dangerous system calls are refused", async () => {
    await using at = await sandboxAtHand();
    const numbers = process.arch === "arm64" ? [219, 280, 282, 241, 425, 104, 97] : [250, 321, 323, 298, 425, 246, 272];
    const script = `import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for n in ${JSON.stringify(numbers)}:
    ctypes.set_errno(0); r = libc.syscall(n, 0, 0, 0, 0, 0); print(n, r, ctypes.get_errno())
r = libc.syscall(${process.arch === "arm64" ? 220 : 56}, 0x10000000 | 17, 0, 0, 0, 0); print("clone", r, ctypes.get_errno())
import threading, subprocess
t = threading.Thread(target=lambda: print("thread")); t.start(); t.join(); subprocess.run(["echo", "child"])`;
    await writeFile(join(at.workspace, "calls.py"), script);
    const { output } = await at.sh("/usr/bin/python3 -u calls.py");
    expect(output).toBe(`${numbers.map((n) => `${n} -1 1\n`).join("")}clone -1 1\nthread\nchild\n`);
  });

  test("there is no network: no loopback service, no metadata, no names, no abstract socket", async () => {
    await using at = await sandboxAtHand();
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("CANARY") });
    const tries = [
      [`/dev/tcp/127.0.0.1/${server.port}`, server.port],
      ["/dev/tcp/169.254.169.254/80", 80],
      ["/dev/tcp/1.1.1.1/443", 443],
    ] as const;
    const script = tries
      .map(([path]) => `(timeout 3 bash -c 'exec 3<>${path}') 2>/dev/null && echo connected ${path}`)
      .join("\n");
    const { output } = await at.sh(
      `${script}\ngetent hosts example.com && echo resolved; cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '`,
    );
    await server.stop(true);
    expect(output).toBe("lo\n");
  });

  test("with the network allowed, a local service answers", async () => {
    await using at = await sandboxAtHand({ network: true });
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
    const { output } = await at.sh(
      `bash -c 'exec 3<>/dev/tcp/127.0.0.1/${server.port}; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'`,
    );
    await server.stop(true);
    expect(output).toEndWith("hello");
  });

  test.skipIf(!python)("a socket of the host without a path cannot be reached", async () => {
    await using at = await sandboxAtHand();
    const listener = Bun.listen({ unix: "\0openclaw-probe", socket: { data() {} } });
    const { output } = await at.sh(
      `/usr/bin/python3 -c "import socket; s=socket.socket(1); s.connect(chr(0)+'openclaw-probe'); print('connected')" 2>&1 | tail -1`,
    );
    listener.stop(true);
    expect(output).toContain("ConnectionRefusedError");
  });

  test("sockets of services are not there", async () => {
    await using at = await sandboxAtHand();
    const { output } = await at.sh(
      "ls -d /var/run/docker.sock /run/podman /run/containerd /run/dbus /tmp/.X11-unix /run/user 2>/dev/null; find / -xdev -type s 2>/dev/null; true",
    );
    expect(output).toBe("");
  });

  test("a link to the outside leads nowhere, and the outside cannot be linked in", async () => {
    await using at = await sandboxAtHand();
    await writeFile(join(at.stateDir, "key"), "CANARY");
    await symlink(at.stateDir, join(at.workspace, "out"));
    const { output } = await at.sh("cat out/key 2>&1; ln /usr/bin/env hard 2>/dev/null && echo linked; true");
    expect(output).toContain("No such file");
    expect(output).not.toContain("linked");
  });

  test("temporary space, file size and processes have limits", async () => {
    await using at = await sandboxAtHand();
    const { output } = await at.sh(
      "for d in /tmp /dev/shm; do head -c 600M /dev/zero >$d/f 2>/dev/null && echo filled $d; rm -f $d/f; done; dd if=/dev/null of=big bs=1M seek=600 2>/dev/null && echo big; ulimit -c; ulimit -n",
    );
    expect(output).toBe("0\n1024\n");
  });

  test("a fork bomb meets its limit, and is gone afterwards", async () => {
    await using at = await sandboxAtHand();
    const { output, endedBy } = await at.sh(
      "i=0; while [ $i -lt 700 ]; do sleep 300 & i=$((i+1)); done 2>&1; echo made $i",
      { timeoutMs: 10_000 },
    );
    expect(output).toContain("fork");
    expect(output).not.toContain("made 700");
    expect(endedBy).toBe("exit");
    expect(await at.sh("echo alive")).toMatchObject({ output: "alive\n" });
  });
});

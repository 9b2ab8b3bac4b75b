import { expect, test } from "bun:test";
import { codeOf } from "../../src/page-out.ts";

const maps = `00200000-01a38000 r--p 00000000 fe:00 1234   /opt/open claw/openclaw
01a40000-06836000 r-xp 01838000 fe:00 1234                 /opt/open claw/openclaw
06836000-0684a000 rw-p 0662d000 fe:00 1234                 /opt/open claw/openclaw
2581e400000-2585e400000 rw-p 00000000 00:00 0 
7f773e9bc000-7f777e9bc000 rwxp 00000000 00:00 0 
7f777ed01000-7f777ed27000 r--p 00000000 fe:00 99           /usr/lib/x86_64-linux-gnu/libc.so.6
7f777eee3000-7f777eeeb000 r--s 00000000 fe:00 77           /opt/open claw/openclaw
7f777ef1d000-7f777ef27000 r-xp 00000000 fe:00 98           /opt/open claw/openclaw.old
`;

test("of all that is mapped, only the program's own code and constants are given back", () => {
  expect(codeOf("/opt/open claw/openclaw", maps)).toEqual([
    { from: 0x200000n, to: 0x1a38000n },
    { from: 0x1a40000n, to: 0x6836000n },
  ]);
  expect(codeOf("/opt/other", maps)).toEqual([]);
});

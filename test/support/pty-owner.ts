/** Runs the command of its arguments in a terminal of its own, and says the command's process id on its standard output. */
const child = Bun.spawn(Bun.argv.slice(2), {
  env: process.env,
  terminal: { cols: 80, rows: 24, data: (_terminal, data) => void process.stderr.write(data) },
});
process.stdout.write(`${child.pid}\n`);
await child.exited;

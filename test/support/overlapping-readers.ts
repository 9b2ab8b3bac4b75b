/** Run as a process: reads a database without end, each reader beginning before the one before it has ended. */
import { Database } from "bun:sqlite";

function open(): Database {
  const reader = new Database(process.argv[2] ?? "", { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT count(*) FROM events").get();
  return reader;
}

process.stdout.write("reading\n");
for (let reader = open(); ;) {
  await Bun.sleep(20);
  const next = open();
  await Bun.sleep(5);
  reader.close();
  reader = next;
}

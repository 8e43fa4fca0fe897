// Reads a feed with ldes-client and prints a line of JSON for each event as it comes, then a line "end" unless it follows for ever.
// node ldes_client.mjs ADDRESS none|ascending [--follow] [--state FOLDER]
import { intoConfig, replicateLDES } from "ldes-client";

const [address, order, ...options] = process.argv.slice(2);
// One page at a time: 0.3.0 gets a page twice that two others name, and when it reads both at once gives some of its events twice (older feeds of ours had such pages).
const config = { url: address, polling: options.includes("--follow"), pollInterval: 500, concurrentFetches: 1 };
if (options.includes("--state")) config.statePath = options[options.indexOf("--state") + 1];
const client = replicateLDES(intoConfig(config), order);
client.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
const reader = client.stream().getReader();
for (let next = await reader.read(); ; next = await reader.read()) {
  if (next.value) {
    const { id, quads, timestamp, isVersionOf, type } = next.value;
    const payload = quads.filter((quad) => quad.graph.value === id.value).length;
    console.log(JSON.stringify({ id: id.value, about: isVersionOf, type: type?.value, timestamp, payload }));
  }
  if (next.done) break;
}
console.log("end");
process.exit(0);

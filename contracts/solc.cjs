#!/usr/bin/env node
// Lets forge call the compiler from npm as if it were the native one.
const solc = require("./node_modules/solc");

if (process.argv.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  process.stdout.write(solc.compile(require("fs").readFileSync(0, "utf8")));
}

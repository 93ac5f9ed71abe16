// Compiles src/ and writes artifacts/<Name>.json. `--check` writes nothing and exits 1, naming what differs.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const ROOT = dirname(fileURLToPath(import.meta.url));
const ARTIFACTS = join(ROOT, "artifacts");
const NAMES = ["CampaignFactory", "CampaignImplementation", "FundEscrow", "IssuerRegistry", "PaymentToken"];
const SETTINGS = {
  evmVersion: "london",
  optimizer: { enabled: true, runs: 200 },
  viaIR: false,
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

const read = (path) => readFileSync(path, "utf8");

function compile() {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(NAMES.map((name) => [`src/${name}.sol`, { content: read(join(ROOT, "src", `${name}.sol`)) }])),
    settings: { ...SETTINGS, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } } },
  };
  const find = (path) => {
    const file = path.startsWith("@") ? join(ROOT, "node_modules", path) : join(ROOT, path);
    return existsSync(file) ? { contents: read(file) } : { error: `no file ${path}` };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  // Warnings about somebody else's unmodified files are not ours to mend; our own stop the build.
  const complaints = (output.errors ?? [])
    .filter((e) => e.severity === "error" || !e.sourceLocation?.file.startsWith("@"))
    .map((e) => e.formattedMessage);
  if (complaints.length) {
    console.error(complaints.join("\n"));
    process.exit(1);
  }
  return output.contracts;
}

function artifact(name, contract) {
  return JSON.stringify(
    {
      contractName: name,
      abi: contract.abi,
      bytecode: `0x${contract.evm.bytecode.object}`,
      deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
      compiler: { name: "solc", version: solc.version().replace(/\.Emscripten.*/, ""), settings: SETTINGS },
    },
    null,
    1,
  ) + "\n";
}

const contracts = compile();
const wanted = Object.fromEntries(NAMES.map((name) => [`${name}.json`, artifact(name, contracts[`src/${name}.sol`][name])]));

if (process.argv.includes("--check")) {
  const present = existsSync(ARTIFACTS) ? readdirSync(ARTIFACTS) : [];
  const differing = [
    ...Object.keys(wanted).filter((file) => !present.includes(file) || read(join(ARTIFACTS, file)) !== wanted[file]),
    ...present.filter((file) => !(file in wanted)),
  ];
  for (const file of differing) console.error(`artifacts/${file} does not match the sources`);
  if (differing.length) process.exit(1);
  console.log(`${NAMES.length} artifacts match the sources`);
} else {
  mkdirSync(ARTIFACTS, { recursive: true });
  for (const [file, text] of Object.entries(wanted)) writeFileSync(join(ARTIFACTS, file), text);
  console.log(`wrote ${NAMES.length} artifacts`);
}

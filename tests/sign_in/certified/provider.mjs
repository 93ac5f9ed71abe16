// A certified OpenID provider. Its only argument is JSON: port, client, keys, people, options. Ends with its stdin.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { port, issuer, client, keys, people, options, broken } = JSON.parse(process.argv[2]);
const provider = new Provider(issuer, {
  clients: [client],
  jwks: { keys },
  cookies: { keys: ["a key for the tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  pkce: { required: () => true },
  ...options,
});
const answer = provider.callback();
const server = createServer((request, response) => {
  if (!request.url.startsWith(broken ?? "\n")) return answer(request, response);
  response.writeHead(500).end("broken");
});
server.listen(port, "127.0.0.1", () => console.log("ready"));
process.stdin.on("end", () => process.exit()).resume();

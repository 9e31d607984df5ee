// Drives the official JavaScript clients. Arguments: node URL, relay URL, two private keys.
// Prints one JSON object. Nothing of this project is imported.
import { FlashbotsBundleProvider } from "@flashbots/ethers-provider-bundle";
import share from "@flashbots/mev-share-client";
import { FetchRequest, JsonRpcProvider, Wallet } from "ethers";

const [nodeUrl, relayUrl, firstKey, secondKey] = process.argv.slice(2);
const uuid = "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11";
const provider = new JsonRpcProvider(nodeUrl);
const identity = new Wallet("0x" + "22".repeat(32));
const { chainId } = await provider.getNetwork();
const head = await provider.getBlockNumber();

const transfer = (nonce, tip) => ({
  type: 2,
  chainId,
  nonce,
  to: "0x" + "33".repeat(20),
  value: 1n,
  gasLimit: 21000n,
  maxFeePerGas: 100_000_000_000n,
  maxPriorityFeePerGas: tip,
});

const trader = new Wallet(firstKey);
const relay = await FlashbotsBundleProvider.create(provider, identity, relayUrl, Number(chainId));
const signed = await relay.signBundle(
  [0, 1].map((nonce) => ({ signer: trader, transaction: transfer(nonce, 1_000_000_000n) })),
);
const simulation = await relay.simulate(signed, head + 1, head);
await relay.sendRawBundle(signed.slice(0, 1), head + 1, { replacementUuid: uuid });
const cancelled = await relay.cancelBundles(uuid);
const sent = await relay.sendRawBundle(signed, head + 1);
const privately = await relay.sendPrivateTransaction(
  { signer: trader, transaction: transfer(2, 1_000_000_000n) },
);
const withdrawn = await relay.cancelPrivateTransaction(privately.transaction.hash);

const network = { name: "local", chainId: Number(chainId), streamUrl: relayUrl, apiUrl: relayUrl };
const client = new share.default(identity, network);
const backrunner = new Wallet(secondKey);
const target = await trader.signTransaction(transfer(2, 1_000_000_000n));
const backrun = await backrunner.signTransaction(transfer(0, 50_000_000_000n));
const seen = new Promise((resolve) => {
  const stream = client.on("transaction", (pending) => {
    if (!pending.to) return;
    stream.close();
    resolve(pending);
  });
  stream.onopen = () => client.sendTransaction(target, { hints: { contractAddress: true } });
});
const pending = await seen;
const shared = await client.sendBundle({
  inclusion: { block: head + 1, maxBlock: head + 3 },
  body: [{ hash: pending.hash }, { tx: backrun, canRevert: false }],
});
const history = await client.getEventHistory({ limit: 5 });
const information = await client.getEventHistoryInfo();
const probe = await client.simulateBundle({
  inclusion: { block: head + 1 },
  body: [{ tx: signed[0], canRevert: false }],
});

console.log(
  JSON.stringify({
    bundleHash: sent.bundleHash,
    expectedHash: FlashbotsBundleProvider.generateBundleHash(
      sent.bundleTransactions.map((tx) => tx.hash),
    ),
    simulatedHash: simulation.bundleHash,
    coinbaseDiff: simulation.coinbaseDiff.toString(),
    cancelled: cancelled.bundleHashes,
    withdrawn,
    eventHash: pending.hash,
    eventTo: pending.to,
    sharedHash: shared.bundleHash,
    history: history.length,
    remembered: information.count,
    probe: probe.success,
  }),
);
process.exit(0);

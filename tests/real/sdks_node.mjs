// The official OpenAI SDK for Node.js and Vercel's `ai` against `airx mock`:
//
//     sdks_node.mjs AIRX
//
// Run in the folder whose node_modules has the packages.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const airx = process.argv[2];
const require = createRequire(`${process.cwd()}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { default: OpenAI, toFile, ...errors } = await load("openai");
const { generateObject, generateText, streamText, tool, APICallError } = await load("ai");
const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");
const { z } = await load("zod");

const model = "glm-4-airx";
const messages = [{ role: "user", content: "hello" }];
const weather = "What is the weather in Nanjing?";
const Person = z.object({ name: z.string(), age: z.number().int(), tags: z.array(z.string()) });

/** Calls `body` with the base URL of a mock that has these options. */
async function mock(options, body) {
  const child = spawn(airx, ["mock", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [base] = await once(createInterface(child.stdout), "line");
    return await body(base);
  } finally {
    child.kill();
  }
}

const openai = (baseURL, more) => new OpenAI({ apiKey: "mock-key-0123", baseURL, maxRetries: 0, ...more });
const ai = (baseURL, more) =>
  createOpenAICompatible({ name: "mock", apiKey: "mock-key-0123", baseURL, ...more })(model);

const functions = [
  {
    type: "function",
    function: {
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];
const tools = {
  get_weather: tool({
    description: "The weather of a city",
    inputSchema: z.object({ city: z.string() }),
  }),
};

const checks = {
  "openai (npm): chat and a stream": () =>
    mock([], async (base) => {
      const asked = openai(base).chat.completions;
      const answer = await asked.create({ model, messages });
      assert.equal(answer.object, "chat.completion");
      const text = answer.choices[0].message.content;
      assert.match(text, /^\[airx mock\]/);
      let streamed = "";
      for await (const chunk of await asked.create({ model, messages, stream: true })) {
        assert.equal(chunk.object, "chat.completion.chunk");
        streamed += chunk.choices[0].delta.content;
      }
      assert.equal(streamed, text);
      const helper = asked.stream({ model, messages });
      assert.equal(await helper.finalContent(), text);
    }),

  "openai (npm): tool calls, complete and in a stream": () =>
    mock([], async (base) => {
      const asked = openai(base).chat.completions;
      const question = { model, messages: [{ role: "user", content: weather }], tools: functions };
      const fragments = asked.stream({ ...question, tool_stream: true });
      for (const answer of [
        await asked.create(question),
        await asked.stream(question).finalChatCompletion(),
        await fragments.finalChatCompletion(),
      ]) {
        const [choice] = answer.choices;
        assert.equal(choice.finish_reason, "tool_calls");
        const [call] = choice.message.tool_calls;
        assert.deepEqual(JSON.parse(call.function.arguments), { city: "Nanjing" });
      }
    }),

  "openai (npm): json_schema with --json-schema, refused without": async () => {
    const schema = z.toJSONSchema(Person);
    const response_format = { type: "json_schema", json_schema: { name: "person", strict: true, schema } };
    const ask = (base) => openai(base).chat.completions.parse({ model, messages, response_format });
    const answer = await mock(["--json-schema"], ask);
    Person.parse(JSON.parse(answer.choices[0].message.content));
    await assert.rejects(mock([], ask), (error) => error instanceof OpenAI.BadRequestError && error.code === "1214");
  },

  "openai (npm): models, files and batches": () =>
    mock([], async (base) => {
      const at = openai(base);
      const names = [];
      for await (const one of at.models.list()) names.push(one.id);
      assert.ok(names.includes(model));
      const line = {
        custom_id: "item-0",
        method: "POST",
        url: "/v1/chat/completions",
        body: { model: "glm-4-air-250414", messages },
      };
      const file = await at.files.create({
        file: await toFile(Buffer.from(`${JSON.stringify(line)}\n`), "in.jsonl"),
        purpose: "batch",
      });
      let batch = await at.batches.create({
        input_file_id: file.id,
        endpoint: "/v1/chat/completions",
        completion_window: "24h",
      });
      while (!["completed", "failed"].includes(batch.status)) batch = await at.batches.retrieve(batch.id);
      const output = await (await at.files.content(batch.output_file_id)).text();
      assert.equal(JSON.parse(output).response.body.choices[0].finish_reason, "stop");
      assert.equal((await at.files.delete(file.id)).deleted, true);
    }),

  "openai (npm): each failure is the exception of its status": async () => {
    for (const [kind, expected] of [
      ["400", OpenAI.BadRequestError],
      ["401", OpenAI.AuthenticationError],
      ["404", OpenAI.NotFoundError],
      ["429", OpenAI.RateLimitError],
      ["500", OpenAI.InternalServerError],
      ["html502", OpenAI.InternalServerError],
      ["reset", OpenAI.APIConnectionError],
      ["hang", OpenAI.APIConnectionTimeoutError],
    ]) {
      const options = kind === "hang" ? { timeout: 1000 } : {};
      const ask = (base) => openai(base, options).chat.completions.create({ model, messages });
      const isExpected = (error) => error.constructor === expected;
      await assert.rejects(mock(["--fail", kind], ask), isExpected, kind);
    }
    const ask = async (base) => {
      const stream = await openai(base).chat.completions.create({ model, messages, stream: true });
      for await (const _ of stream);
    };
    await assert.rejects(mock(["--fail", "error-frame"], ask), (error) => error.code === "1302");
  },

  "ai: text and a stream": () =>
    mock([], async (base) => {
      const { text, finishReason, usage } = await generateText({ model: ai(base), prompt: "hello" });
      assert.match(text, /^\[airx mock\]/);
      assert.equal(finishReason, "stop");
      assert.ok(usage.outputTokens > 0);
      let streamed = "";
      for await (const piece of streamText({ model: ai(base), prompt: "hello" }).textStream) streamed += piece;
      assert.equal(streamed, text);
    }),

  "ai: tool calls, complete and in a stream": () =>
    mock([], async (base) => {
      const question = { model: ai(base), prompt: weather, tools };
      for (const calls of [(await generateText(question)).toolCalls, await streamText(question).toolCalls]) {
        assert.deepEqual(calls.map((call) => call.toolName), ["get_weather"]);
        assert.deepEqual(calls[0].input, { city: "Nanjing" });
      }
    }),

  "ai: an object, by json_schema": () =>
    mock(["--json-schema"], async (base) => {
      const supportsStructuredOutputs = true;
      const { object } = await generateObject({
        model: ai(base, { supportsStructuredOutputs }),
        schema: Person,
        prompt: "hello",
      });
      Person.parse(object);
    }),

  "ai: a failure has its status and is retried where that helps": async () => {
    for (const [kind, statusCode, isRetryable] of [
      ["400", 400, false],
      ["401", 401, false],
      ["429", 429, true],
      ["500", 500, true],
    ]) {
      const ask = (base) => generateText({ model: ai(base), prompt: "hello", maxRetries: 0 });
      const isExpected = (error) =>
        APICallError.isInstance(error) && error.statusCode === statusCode && error.isRetryable === isRetryable;
      await assert.rejects(mock(["--fail", kind], ask), isExpected, kind);
    }
  },
};

let failed = false;
for (const [name, body] of Object.entries(checks)) {
  try {
    await body();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed = true;
    console.log(`NOT   ${name}\n${error.stack}`);
  }
}
process.exit(failed ? 1 : 0);

"""The Python client: python client.py BASE_URL TOKEN"""

import json
import sys
import time
import urllib.request

import openai

BASE_URL, TOKEN = sys.argv[1:]
client = openai.OpenAI(base_url=BASE_URL, api_key=TOKEN)
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(content):
    return {"role": "user", "content": content}


def seen():
    with urllib.request.urlopen(f"{BASE_URL}/seen") as answer:
        return json.load(answer)


def equal(value, wanted):
    assert value == wanted, f"{value!r} is not {wanted!r}"


def refused(status, code, host, upstream, **request):
    """The request is refused, and the host and the model's server were asked so often."""
    before = seen()
    try:
        client.chat.completions.create(**request)
        raise AssertionError("it was not refused")
    except openai.APIStatusError as error:
        equal((error.status_code, error.code), (status, code))
    after = seen()
    equal((after["host"] - before["host"], after["upstream"] - before["upstream"]), (host, upstream))


def the_models():
    equal([model.id for model in client.models.list()], ["skillet", "small", "large", "embedding"])


def a_whole_answer():
    answer = client.chat.completions.create(model="small", messages=[user("hello")])
    equal((answer.choices[0].message.content, answer.choices[0].finish_reason), ("Hello, 世界!", "stop"))
    usage = answer.usage
    equal((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (12, 5, 17))


def a_stream_with_usage():
    stream = client.chat.completions.create(
        model="small", messages=[user("hello")], stream=True, stream_options={"include_usage": True}
    )
    words, usage = [], None
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            words.append(chunk.choices[0].delta.content)
        usage = chunk.usage or usage
    equal("".join(words), "Hello, 世界!")
    assert len(words) > 1, "it came in one piece"
    equal(usage.total_tokens, 17)


def tools_and_their_results():
    messages = [user("How is the weather in 上海?")]
    answer = client.chat.completions.create(model="small", messages=messages, tools=[WEATHER])
    (call,) = answer.choices[0].message.tool_calls
    equal(answer.choices[0].finish_reason, "tool_calls")
    equal((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "上海"}))
    messages += [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    answer = client.chat.completions.create(model="small", messages=messages, tools=[WEATHER])
    equal(answer.choices[0].message.content, "The weather is sunny.")


def tools_in_a_stream():
    with client.chat.completions.stream(model="small", messages=[user("And today?")], tools=[WEATHER]) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    equal((call.id, json.loads(call.function.arguments)), ("call_1", {"city": "上海"}))


def vectors():
    # The client asks for base64 where nothing is said, and for numbers when it is told to.
    for asked in ({}, {"encoding_format": "float"}):
        answer = client.embeddings.create(model="embedding", input=["one", "three"], **asked)
        equal([list(one.embedding) for one in answer.data], [[3, 0.5, -1], [5, 0.5, -1]])
    equal(answer.usage.prompt_tokens, 6)


def a_refusal_for_money_is_not_repeated():
    refused(402, "unpriced_model", 1, 0, model="large", messages=[user("hello")])


def what_the_gateway_has_repeated_is_not_repeated_again():
    refused(502, "upstream_error", 1, 2, model="small", messages=[user("fail")])


def a_model_that_is_not_there():
    refused(404, "model_not_found", 1, 0, model="gpt-9", messages=[user("hello")])


def a_stream_that_is_left_stops_the_model():
    before = seen()
    stream = client.chat.completions.create(model="small", messages=[user("Count slowly.")], stream=True)
    words = 0
    for chunk in stream:
        words += bool(chunk.choices and chunk.choices[0].delta.content)
        if words == 3:
            break
    stream.close()
    for _ in range(100):
        after = seen()
        if len(after["cut"]) > len(before["cut"]):
            break
        time.sleep(0.02)
    equal(len(after["cut"]), len(before["cut"]) + 1)
    assert after["cut"][-1] < 100, "it was stopped late"


for check in (
    the_models,
    a_whole_answer,
    a_stream_with_usage,
    tools_and_their_results,
    tools_in_a_stream,
    vectors,
    a_refusal_for_money_is_not_repeated,
    what_the_gateway_has_repeated_is_not_repeated_again,
    a_model_that_is_not_there,
    a_stream_that_is_left_stops_the_model,
):
    check()
    print(f"ok Python's client: {check.__name__.replace('_', ' ')}", flush=True)

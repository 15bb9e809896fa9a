import sys

from skillet import (
    Call,
    Denied,
    Failed,
    InvalidInput,
    Unavailable,
    clock,
    config,
    http,
    jobs,
    kv,
    llm,
    log,
    memory,
    messages,
    progress,
    random,
    settings,
    skills,
)

FAILURES = {"invalid-input": InvalidInput, "unavailable": Unavailable, "denied": Denied, "failed": Failed}


def run(input: dict, call: Call) -> dict:
    action = ACTIONS.get(input["do"])
    if action is None:
        raise InvalidInput(f"there is nothing to do that is called {input['do']}")
    return action(input, call) or {}


def about(_: dict, call: Call) -> dict:
    return {
        "id": call.id,
        "attempt": call.attempt,
        "locale": call.locale,
        "time_zone": call.time_zone,
        "deadline_ms": call.deadline_ms,
    }


def fail(input: dict, _: Call) -> dict:
    raise FAILURES[input["kind"]](input["text"])


def panic(input: dict, _: Call) -> dict:
    raise RuntimeError(input["text"])


def quit_it(input: dict, _: Call) -> dict:
    sys.exit(input["text"])


def fetch(input: dict, _: Call) -> dict:
    response = http.get(input["url"], headers={"x-conformance": "yes"}, timeout_ms=5_000)
    return {"status": response.status, "body": response.text()}


def ask(input: dict, _: Call) -> dict:
    answer = llm.complete(input["prompt"], instructions="Answer.", max_output_tokens=64)
    return {"text": answer.text}


def spin(_input: dict, _: Call) -> dict:
    while True:
        pass


def fill(_input: dict, _: Call) -> dict:
    taken = []
    while True:
        taken.append(bytes(1 << 20))


ACTIONS = {
    "echo": lambda i, _: {"text": i["text"]},
    "call": about,
    "fail": fail,
    "panic": panic,
    "quit": quit_it,
    "kv_set": lambda i, _: kv.set(i["key"], i["value"]),
    "kv_get": lambda i, _: {"value": kv.get_text(i["key"])},
    "kv_swap": lambda i, _: {"set": kv.compare_and_set(i["key"], i["expected"], i["value"])},
    "kv_delete": lambda i, _: kv.delete(i["key"]),
    "kv_list": lambda i, _: {"keys": kv.keys(i["prefix"], limit=100)},
    "http": fetch,
    "log": lambda i, _: log.write(i["level"], i["text"]),
    "progress": lambda i, _: progress.report(i["done"], i["total"], i["note"]),
    "clock": lambda _i, _: {"now_ms": clock.now_ms()},
    "random": lambda i, _: {"hex": random.bytes(i["length"]).hex()},
    "settings": lambda i, _: {"value": settings.get(i["key"])},
    "remember": lambda i, _: memory.remember(i["text"], key=i["key"]),
    "search": lambda i, _: {"keys": [fact.key for fact in memory.search(i["query"], limit=10)]},
    "llm": ask,
    "send": lambda i, _: {"id": messages.send(i["text"])},
    "schedule": lambda i, _: {"id": jobs.schedule("reminder", i["at_ms"], {"text": i["text"]})},
    "skill": lambda i, _: {"output": skills.call(i["skill"], i["input"])},
    "config": lambda i, _: {"value": config.get(i["key"])},
    "spin": spin,
    "fill": fill,
}

"""Takes votes: whoever got an answer has a vote that redis keeps on its disk."""
import json
import os
import secrets

import redis
from flask import Flask, Response, make_response, render_template, request

CHOICES = {"a": os.environ.get("CHOICE_A", "Cats"), "b": os.environ.get("CHOICE_B", "Dogs")}
VERSION = os.environ.get("VERSION", "1.0")

app = Flask(__name__)
queue = redis.Redis(os.environ.get("REDIS_HOST", "redis"), socket_connect_timeout=2, socket_timeout=5)


@app.get("/")
def page() -> str:
    return render_template("index.html", choices=CHOICES, version=VERSION, chosen=None)


@app.post("/")
def vote() -> Response | tuple[str, int]:
    choice = request.form.get("vote", "")
    if choice not in CHOICES:
        return f"a vote is one of {', '.join(CHOICES)}\n", 400
    voter = request.cookies.get("voter") or secrets.token_hex(8)
    try:
        queue.rpush("votes", json.dumps({"voter": voter, "vote": choice}))
    except redis.RedisError as error:
        return f"the vote was not counted, redis does not answer: {error}\n", 503
    answer = make_response(render_template("index.html", choices=CHOICES, version=VERSION, chosen=choice))
    answer.set_cookie("voter", voter, max_age=365 * 24 * 3600, httponly=True, samesite="Lax")
    return answer


@app.get("/version")
def version() -> str:
    return f"vote {VERSION}\n"


@app.get("/healthy")
def healthy() -> str:
    return "ok\n"

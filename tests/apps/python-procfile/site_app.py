import bottle

app = bottle.Bottle()


@app.get("/")
def index():
    return "Hello from a Procfile"


@app.get("/up")
def up():
    return "up"

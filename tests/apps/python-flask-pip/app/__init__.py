from flask import Flask, jsonify, render_template


def create_app():
    app = Flask(__name__)

    @app.get("/")
    def index():
        return render_template("index.html", name="Flask")

    @app.get("/health")
    def health():
        return jsonify(status="ok")

    return app

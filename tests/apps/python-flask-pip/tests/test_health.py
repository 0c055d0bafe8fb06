from app import create_app


def test_health():
    assert create_app().test_client().get("/health").json == {"status": "ok"}

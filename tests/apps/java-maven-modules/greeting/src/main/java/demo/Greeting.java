package demo;

import com.google.gson.JsonObject;

/** What the app says, as JSON. */
public final class Greeting {
    private Greeting() {}

    public static String of(String name) {
        JsonObject json = new JsonObject();
        json.addProperty("hello", name);
        return json.toString();
    }
}

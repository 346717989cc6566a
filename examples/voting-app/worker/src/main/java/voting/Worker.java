package voting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.json.JSONException;
import org.json.JSONObject;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Takes votes from redis into postgres. A vote stays in redis, in the list of those being counted, until postgres has it,
 * and counting it twice changes nothing: whoever dies in between, it is counted once.
 */
public final class Worker {
    private static final String WAITING = "votes";
    private static final String COUNTING = "votes:counting";
    private static final Path ALIVE = Path.of("/tmp/alive");

    private Worker() {}

    public static void main(String[] arguments) throws InterruptedException {
        while (true) {
            try (var queue = new Jedis(environment("REDIS_HOST", "redis"), 6379, 5_000);
                    var counts = database()) {
                count(queue, counts);
            } catch (JedisException | SQLException | IOException e) {
                System.out.println("again in a second: " + e.getMessage());
                Thread.sleep(1_000);
            }
        }
    }

    private static void count(Jedis queue, Connection counts) throws SQLException, IOException {
        System.out.println("counting votes");
        // What was being counted when this worker's predecessor died comes first.
        while (queue.lmove(COUNTING, WAITING, ListDirection.RIGHT, ListDirection.LEFT) != null) {}
        try (var insert = counts.prepareStatement("INSERT INTO votes (voter, vote) VALUES (?, ?)"
                + " ON CONFLICT (voter) DO UPDATE SET vote = excluded.vote")) {
            while (true) {
                Files.writeString(ALIVE, "");
                var vote = queue.blmove(WAITING, COUNTING, ListDirection.LEFT, ListDirection.RIGHT, 1.0);
                if (vote == null) {
                    continue;
                }
                try {
                    var fields = new JSONObject(vote);
                    insert.setString(1, fields.getString("voter"));
                    insert.setString(2, fields.getString("vote"));
                    insert.executeUpdate();
                } catch (JSONException e) {
                    System.out.println("no vote, left out: " + vote);
                }
                queue.lrem(COUNTING, 1, vote);
            }
        }
    }

    private static Connection database() throws SQLException, IOException {
        var properties = new Properties();
        properties.setProperty("user", environment("PGUSER", "votes"));
        properties.setProperty("password", Files.readString(Path.of("/run/secrets/database-password")).strip());
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("socketTimeout", "10");
        var connection = DriverManager.getConnection(
                "jdbc:postgresql://" + environment("PGHOST", "db") + "/" + environment("PGDATABASE", "votes"), properties);
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS votes (voter text PRIMARY KEY, vote text NOT NULL)");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        return connection;
    }

    private static String environment(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }
}

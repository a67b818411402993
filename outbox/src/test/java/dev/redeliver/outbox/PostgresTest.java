package dev.redeliver.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PostgresTest {
  private static final String TABLES =
      "select count(*) from information_schema.tables where table_schema = 'public'";

  private Postgres postgres;

  @BeforeEach
  void start() throws Exception {
    postgres = Postgres.freshDatabase();
  }

  @Test
  void database_isTheSameByUrlAndByDataSource() throws Exception {
    try (Connection connection = DriverManager.getConnection(postgres.url());
        Statement statement = connection.createStatement()) {
      statement.execute("create table letter (id integer)");
    }

    try (Connection connection = postgres.dataSource().getConnection()) {
      assertThat(answer(connection, TABLES)).isEqualTo("1");
    }
  }

  @Test
  void databases_shareNothing() throws Exception {
    try (Connection connection = postgres.dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("create table letter (id integer)");
    }

    Postgres other = Postgres.freshDatabase();

    try (Connection connection = other.dataSource().getConnection()) {
      assertThat(answer(connection, TABLES)).isEqualTo("0");
    }
  }

  @Test
  void server_writesToTheDiskAndListensToThisMachineOnly() throws Exception {
    try (Connection connection = postgres.dataSource().getConnection()) {
      assertThat(answer(connection, "show fsync")).isEqualTo("on");
      assertThat(answer(connection, "show listen_addresses")).isEqualTo("127.0.0.1");
    }
  }

  private static String answer(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      assertThat(result.next()).isTrue();
      return result.getString(1);
    }
  }
}

#include "store.hpp"

#include <sqlite3.h>

std::string stock() {
  sqlite3 *database = nullptr;
  sqlite3_stmt *statement = nullptr;
  std::string found = "nothing";
  sqlite3_open(":memory:", &database);
  sqlite3_exec(database, "create table stock (name text); insert into stock values ('apples')", nullptr, nullptr, nullptr);
  sqlite3_prepare_v2(database, "select name from stock", -1, &statement, nullptr);
  if (sqlite3_step(statement) == SQLITE_ROW) {
    found = reinterpret_cast<const char *>(sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return found;
}

"""Users and grants of MySQL and MariaDB, and which server they are of."""

from __future__ import annotations

import pytest

from graphinv.ingest import mysql_grants, postgres_schema
from graphinv.ingest.support.databases import database_facts
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, NodeFact
from tests.ingest.granting import Granted
from tests.ingest.reading import document, fake, fingerprint

OWN = "db:shop#mysql"

DUMP = """\
-- Grants dumped by pt-show-grants
-- Grants for 'app'@'%'
CREATE USER IF NOT EXISTS 'app'@'%';
ALTER USER 'app'@'%' IDENTIFIED WITH 'mysql_native_password' AS '*2470C0C06DEE42FD' REQUIRE NONE PASSWORD EXPIRE DEFAULT;
GRANT SELECT, INSERT, UPDATE ON `shop`.* TO `app`@`%`;
GRANT SELECT (id, name), DELETE ON `shop`.`orders` TO `app`@`%`;
GRANT USAGE ON *.* TO `app`@`%`;
GRANT `readers`@`%` TO `app`@`%`;
-- Grants for 'root'@'localhost'
GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' IDENTIFIED BY PASSWORD '*ABC' WITH GRANT OPTION;
GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION;
GRANT PROXY ON 'app'@'%' TO 'deploy'@'%';
GRANT SELECT ON `shop`.* TO `readers`@`%`;
REVOKE INSERT ON `shop`.* FROM `app`@`%`;
"""
SHOWN = """\
+----------------------------------------------------------+
| Grants for bot@10.0.0.%                                  |
+----------------------------------------------------------+
| GRANT USAGE ON *.* TO `bot`@`10.0.0.%`                   |
| GRANT SELECT, EXECUTE ON `billing`.* TO `bot`@`10.0.0.%` |
| GRANT FILE, CREATE USER ON *.* TO `bot`@`10.0.0.%`       |
+----------------------------------------------------------+
"""
SCRIPT = """\
CREATE DATABASE shop;
CREATE USER 'web'@'%%' IDENTIFIED BY '%(password)s';
GRANT ALL PRIVILEGES
  ON shop.*
  TO 'web'@'%%', 'batch'@'%%';
FLUSH PRIVILEGES;
GRANT SELECT ON nonsense nonsense TO;
"""


def test_what_a_dump_of_grants_says() -> None:
    assert mysql_grants.detect("grants.sql", DUMP.encode())
    assert not postgres_schema.detect("grants.sql", DUMP.encode())
    found = Granted(document(DUMP, "grants.sql"))
    app, place = f"{OWN}:app@?/grants.sql", f"{OWN}://?/grants.sql"
    assert found.access(app) == {f"{place}/shop": "read write", f"{place}/shop/orders": "delete read"}
    assert found.access(f"{OWN}:root@?/grants.sql") == {place: "admin"}
    assert found.drawn("MEMBER_OF") == {(app, f"{OWN}:readers@?/grants.sql")}
    assert found.drawn("ASSUMES") == {(f"{OWN}:deploy@?/grants.sql", app)}
    assert {tuple(edge.props["evidence"]) for edge in found.edges} == {("granted",)}
    assert found.problems == []


def test_what_show_grants_prints_in_a_box() -> None:
    assert mysql_grants.detect("show.txt", SHOWN.encode())
    found = Granted(document(SHOWN, "show.txt"))
    assert found.access(f"{OWN}:bot@?/show.txt") == {f"{OWN}://?/show.txt/billing": "execute read", f"{OWN}://?/show.txt": "admin"}
    assert found.problems == []


def test_a_script_with_a_password_asks_for_it() -> None:
    text = SCRIPT % {"password": fake("mysql")}
    found = Granted(document(text, "init.sql"))
    web = f"{OWN}:web@?/init.sql"
    assert found.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(fake('mysql'))}", web)}
    assert found.access(web) == found.access(f"{OWN}:batch@?/init.sql") == {f"{OWN}://?/init.sql/shop": "delete execute read write"}
    assert found.problems == [("warning", "grants or revokes in a way that is not understood")]
    assert {tuple(edge.props["evidence"]) for edge in found.edges if edge.kind == "CAN_ACCESS"} == {("declared",)}


def known(*addresses: str) -> list[NodeFact | EdgeFact]:
    facts = [fact for one in addresses for fact in database_facts(document("", ".env"), 1, one)]
    return [
        fact for fact in facts if isinstance(fact, (NodeFact, EdgeFact)) and not (isinstance(fact, EdgeFact) and fact.kind != "CAN_ACCESS")
    ]


def test_it_is_of_the_known_server_that_has_its_databases() -> None:
    server = "db.quillmere.example:3306"
    found = Granted(document(DUMP, "grants.sql"), more=known(f"mysql://app@{server}/shop", "mysql://x@other.example/else"))
    assert found.access(f"mysql:app@{server}")[f"mysql://{server}/shop"] == "read write"
    assert found.access(f"mysql:root@{server}") == {f"mysql://{server}": "admin", f"mysql://{server}/shop": "admin"}
    assert {edge.props["confidence"] for edge in found.edges if edge.source == ("Identity", f"mysql:root@{server}")} == {0.8}


def test_where_two_servers_fit_it_is_said_so() -> None:
    found = Granted(document(DUMP, "grants.sql"), more=known("mysql://app@a.example/shop", "mysql://app@b.example/shop"))
    assert found.problems == [("warning", "could be of any of 2 MySQL servers; it is taken for one of its own")]
    assert f"{OWN}://?/grants.sql/shop" in found.access(f"{OWN}:app@?/grants.sql")


def test_rows_that_do_not_fit_are_told() -> None:
    text = "-- MySQL dump 10.13\nGRANT SELECT ON a.* TO `b`@`%`;\nINSERT INTO `tables_priv` (`Host`,`User`) VALUES ('%','root','Y');\n"
    assert [message for _, message in Granted(document(text, "all.sql")).problems] == [
        "1 rows of MySQL's tables of privileges do not fit their columns; they are not read"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "GRANT",
        "GRANT ALL ON `",
        "GRANT `" + "a" * 50_000,
        "REVOKE ALL ON *.* FROM",
        "CREATE USER ''",
        "GRANT " * 3_000,
        "'@'" * 5_000,
        "GRANT a ON b TO c@d\n" * 50_000,
    ],
)
def test_broken_statements_take_no_long(text: str) -> None:
    Granted(document(text + "\nGRANT SELECT ON a.* TO 'b'@'%';", "x.sql"))


def test_the_grants_of_others_are_left_alone() -> None:
    assert not mysql_grants.detect("x.sql", b"GRANT SELECT ON TABLE public.a TO reader;\n")
    assert not mysql_grants.detect("x.py", DUMP.encode())
    with pytest.raises(IngestError):
        list(mysql_grants.read(document(b"GRANT \xff", "x.sql")))


def yes(count: int, of: int) -> str:
    return ",".join(["'Y'"] * count + ["'N'"] * (of - count))


OWN_TABLES = """\
-- MySQL dump 10.13  Distrib 8.0.28, for Linux (x86_64)
--
-- Host: localhost    Database: mysql
-- ------------------------------------------------------
DROP TABLE IF EXISTS `user`;
CREATE TABLE `user` (
  `Host` char(255) CHARACTER SET ascii NOT NULL DEFAULT '',
  `User` char(32) COLLATE utf8_bin NOT NULL DEFAULT '',
  `Select_priv` enum('N','Y') CHARACTER SET utf8 NOT NULL DEFAULT 'N',
  `Insert_priv` enum('N','Y') CHARACTER SET utf8 NOT NULL DEFAULT 'N',
  `Create_user_priv` enum('N','Y') CHARACTER SET utf8 NOT NULL DEFAULT 'N',
  `ssl_cipher` blob NOT NULL,
  `authentication_string` text COLLATE utf8_bin,
  PRIMARY KEY (`Host`,`User`)
) ENGINE=InnoDB COMMENT='Users and global privileges';
LOCK TABLES `user` WRITE;
INSERT INTO `user` VALUES ('%','app','Y','N','N','','$A$005$it\\'s; (odd),\\n'),('localhost','root','Y','Y','Y',_binary '',NULL);
INSERT INTO `user` VALUES ('','','Y','N','N','',''),('localhost','mysql.sys','Y','N','N','','$A$005$THIS');
REPLACE  IGNORE INTO `db` (`Host`, `Db`, `User`, `Select_priv`, `Insert_priv`, `Drop_priv`) VALUES ('%','shop','web','Y','Y','N');
INSERT INTO `tables_priv` VALUES ('%','shop','web','orders','root@localhost','2026-01-01 00:00:00','Select,Delete','');
INSERT INTO `global_grants` VALUES ('ops','%','ROLE_ADMIN','N'),('mia','%','SYSTEM_USER','N');
INSERT INTO `role_edges` VALUES ('%','readers','%','web','N');
INSERT INTO `proxies_priv` VALUES ('%','deploy','%','app',0,'root@localhost','2026-01-01 00:00:00');
"""


def test_mysqls_own_tables_of_privileges() -> None:
    assert mysql_grants.detect("mysql.sql", OWN_TABLES.encode())
    found = Granted(document(OWN_TABLES, "mysql.sql"))
    place = f"{OWN}://?/mysql.sql"
    app, root, web, ops = (f"{OWN}:{name}@?/mysql.sql" for name in ("app", "root", "web", "ops"))
    assert found.access(app) == {place: "read"}
    assert found.access(root) == {place: "admin"}
    assert found.access(web) == {f"{place}/shop": "read write", f"{place}/shop/orders": "delete read"}
    assert found.access(ops) == {place: "admin"}
    assert found.access(f"{OWN}:mia@?/mysql.sql") == {}, "an account that others may not change has nothing by that"
    assert not [id for kind, id in found.nodes if kind == "Identity" and "mysql.sys" in id]
    assert found.drawn("MEMBER_OF") == {(web, f"{OWN}:readers@?/mysql.sql")}
    assert found.drawn("ASSUMES") == {(f"{OWN}:deploy@?/mysql.sql", app)}
    assert not found.problems


def test_tables_of_mariadb_and_rows_without_names_of_columns() -> None:
    rows = (
        "-- MariaDB dump 10.19\n--\n-- Host: db    Database: \n"
        "INSERT INTO `global_priv` VALUES ('%','reader','{\\\"access\\\":1,\\\"authentication_string\\\":\\\"*AB\\\"}'),"
        "('localhost','boss','{\\\"access\\\":549755813887}'),('%','odd','no json');\n"
        f"INSERT INTO `user` VALUES ('%','old','*DIGEST',{yes(1, 29)},'','','','',0,0,0,0);\n"
        f"INSERT INTO `mysql`.`user` VALUES ('%','new',{yes(29, 29)},'','','','',0,0,0,0,'caching_sha2_password','$A$','N');\n"
        f"INSERT INTO `db` VALUES ('%','shop','old',{yes(3, 19)});\n"
        "INSERT INTO `roles_mapping` VALUES ('%','old','readers','N');\n"
    )
    assert mysql_grants.detect("all.sql", rows.encode())
    found = Granted(document(rows, "all.sql"))
    place = f"{OWN}://?/all.sql"
    assert found.access(f"{OWN}:reader@?/all.sql") == {place: "read"}
    assert found.access(f"{OWN}:boss@?/all.sql") == {place: "admin"}
    assert found.access(f"{OWN}:new@?/all.sql") == {place: "admin"}
    assert found.access(f"{OWN}:old@?/all.sql") == {place: "read", f"{place}/shop": "read write"}
    assert found.drawn("MEMBER_OF") == {(f"{OWN}:old@?/all.sql", f"{OWN}:readers@?/all.sql")}


def test_a_programs_own_table_of_users_grants_nothing() -> None:
    text = (
        "-- MySQL dump 10.13\n-- Host: localhost    Database: shop\n"
        "CREATE TABLE `user` (\n  `id` int,\n  `user` varchar(9),\n  `name` text\n);\n"
        "INSERT INTO `user` VALUES (1,'mia','Mia'),(2,'jo','Jo');\nINSERT INTO `user` (`id`,`user`) VALUES (3,'al');\n"
    )
    assert not mysql_grants.detect("shop.sql", text.encode())
    assert not list(mysql_grants.read(document(text, "shop.sql")))

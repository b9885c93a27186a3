--
-- PostgreSQL database cluster dump: roles and grants
--
CREATE ROLE order_fixer;
ALTER ROLE order_fixer WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN;
CREATE ROLE orders_admin;
ALTER ROLE orders_admin WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN;
CREATE ROLE orders_rw;
ALTER ROLE orders_rw WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN;
GRANT orders_rw TO order_fixer WITH INHERIT TRUE GRANTED BY orders_admin;

--
-- PostgreSQL database dump
--
CREATE TABLE public.customers (id bigint NOT NULL, name text, email text);
CREATE TABLE public.orders (id bigint NOT NULL, customer bigint, state text);
ALTER TABLE public.customers OWNER TO orders_admin;
ALTER TABLE public.orders OWNER TO orders_admin;
GRANT CONNECT ON DATABASE orders TO orders_rw;
GRANT SELECT,INSERT,UPDATE,DELETE ON TABLE public.orders TO orders_rw;
GRANT SELECT,INSERT,UPDATE,DELETE ON TABLE public.customers TO orders_rw;

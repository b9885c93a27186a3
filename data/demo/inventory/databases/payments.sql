--
-- PostgreSQL database dump: roles and grants
--
CREATE ROLE checkout;
ALTER ROLE checkout WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN;
CREATE TABLE public.payments (id bigint NOT NULL, amount numeric, card_token text);
GRANT SELECT,INSERT,UPDATE ON TABLE public.payments TO checkout;

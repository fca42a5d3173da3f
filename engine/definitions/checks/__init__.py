"""The checks a model passes before anybody can publish it. Each gives findings, never an exception."""

#!/bin/sh
# What the server image runs: the program that the first argument names, else neam-api with all arguments (chapter 28.7 does both:
# `--program FILE` of docker-compose.yaml, and `neam-forge --agent FILE` of CI pipelines).
case "$1" in
  neamc | neam | neam-cli | neam-api | neam-forge | neam-lsp) exec "$@" ;;
  *) exec neam-api "$@" ;;
esac

#!/usr/bin/env bash
# The agent is killed at 300 random moments of a busy loop of commits, rollouts and changes by others: the
# cluster ends as Git says, and the audit log has no write that no commit asked for.
exec timeout --kill-after=10 600 python3 "$(dirname "$0")/../soak/soak.py" --build "$BUILD" \
	--plane "$TRANCHE_E2E_CONTROL_PLANE" --seconds 0 --kills 300

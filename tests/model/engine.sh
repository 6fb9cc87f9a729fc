#!/bin/bash
# The engine and a naive model of it in Python answer the same, operation for
# operation, restarts through snapshot and log included. MODEL_SEEDS and
# MODEL_OPERATIONS make it longer; scripts/soak does.
# shellcheck source=tests/lib.sh
. "${top_srcdir:?}/tests/lib.sh"

driver=$top_builddir/tests/unit/engine_driver
model=$top_srcdir/tests/model/engine_model.py
read -ra seeds <<<"${MODEL_SEEDS:-1 2 3 4 5}"

command -v python3 >/dev/null || skip_all "python3 is not installed"

for seed in "${seeds[@]}"; do
	if python3 "$model" "$driver" "$seed" "${MODEL_OPERATIONS:-4000}" \
		>"$T/out"; then
		pass "seed $seed: no difference"
	else
		fail "seed $seed: no difference"
		cat "$T/out"
	fi
done

# The test must be able to fail: a model that is wrong by one is caught.
sed 's/if count >= self.limit:/if count > self.limit:/' "$model" \
	>"$T/wrong.py"
refuse 1 "a wrong model differs" python3 "$T/wrong.py" "$driver" 1 4000

done_testing

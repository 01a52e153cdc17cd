"""What layouts 1 and 2 of the run file called what has another name today."""

FORMER_NAMES = {
    "judgements": "evaluations",
    "largest_step": "max_step",
    "largest_weight": "max_weight",
    "regularisation": "ridge",
    "bound_spread": "bound_rows_error",
    "bound_held_out_spread": "bound_held_out_rows_error",
    "log_likelihood_spread": "log_likelihood_rows_error",
    "held_out_spread": "held_out_rows_error",
}
FORMER_WORDS = {
    "deep": "stack",
    "epochs exhausted": "epochs_exhausted",
    "held-out data got worse": "held_out_worse",
    "draws": "draws_done",
    "relative error": "relative_error",
    "time": "max_seconds",
    "heat": "specific_heat",
    "binder": "binder_cumulant",
    "xi": "correlation_length",
}

/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "rules-dependency.h"

/* A case being run, and what is checked of it. */

typedef struct {
  const Case *c;
  Dependency  deps[MAX_EDGES];
  gboolean    attached[MAX_EDGES];  /* for each edge */
  gboolean    judged[MAX_EDGES];
  DagTask    *task;  /* (nullable): until it is built */
  guint       n_runs;
  guint       n_destroyed;
  Model       model;
} Run;

#define ANSWER 42
#define PLAIN  77

static guint n_cases;

static void
append_case (GString    *string,
             const Case *c)
{
  static const char *kinds[] = { "input", "raw input", "prerequisite" };
  static const char *rules[] = { "succeeded", "finished", "failed" };
  static const char *triggers[] = { "all", "any", "first" };
  static const char *endings[] = {
    "value", "failure", "skip by failure", "cancelled", "skip by cancellation", "declined",
    "skip as not needed",
  };
  static const char steps[] = { 'A', 'F', 'S' };

  g_string_append_printf (string, "trigger %s, built %s%s, steps", triggers[c->trigger],
                          c->build == BUILT_AT_ONCE ? "at once" : "in steps",
                          c->burst ? ", in one dispatch" : "");
  if (c->shared)
    g_string_append (string, " (all of 0)");
  for (guint i = 0; i < c->n_steps; i++)
    g_string_append_printf (string, " %c%u", steps[c->steps[i].kind], c->steps[i].edge);
  for (guint i = 0; i < c->n_edges; i++)
    g_string_append_printf (string, "; %u: %s, %s, %s%s", i, kinds[c->edges[i].kind],
                            rules[c->edges[i].rule], endings[c->edges[i].ending],
                            c->edges[i].lags ? ", settles later" : "");
}

static void G_GNUC_PRINTF (3, 4) G_GNUC_NORETURN
fail_case (const Run  *run,
           int         line,
           const char *format,
           ...)
{
  g_autoptr (GString) string = g_string_new (NULL);
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (string, format, args);
  va_end (args);

  g_string_append (string, " [");
  append_case (string, run->c);
  g_string_append_c (string, ']');

  g_assertion_message (G_LOG_DOMAIN, __FILE__, line, G_STRFUNC, string->str);
  g_assert_not_reached ();
}

#define check(run, condition)                                     \
  G_STMT_START {                                                  \
    if (G_UNLIKELY (!(condition)))                                \
      fail_case ((run), __LINE__, "%s does not hold", #condition); \
  } G_STMT_END

static void
check_dependency (const Run *run,
                  guint      index)
{
  const EdgeCase *edge = &run->c->edges[index];
  const Dependency *dep = &run->deps[index];

  if (dep->finished)
    {
      check (run, dag_task_get_state (dep->task) == ending_get_state (edge->ending));
      check (run, dag_task_get_reason (dep->task) == ending_get_reason (edge->ending));
    }
  else
    {
      check (run, !dag_task_is_finished (dep->task));
    }

  check (run, dag_task_get_settled (dep->task) == dep->settled);
}

/* The task */

static void
check_argument (Run        *run,
                DagTask    *task,
                guint       position,
                guint       index)
{
  const EdgeCase *edge = &run->c->edges[index];
  guint dep = case_get_dependency (run->c, index);
  DagTask *dependency = run->deps[dep].task;

  if (edge_is_raw (edge))
    check (run, dag_task_get_argument_task (task, position) == dependency);
  else
    check (run, dag_task_get_argument_int (task, position) == 100 + (int) dep);
}

static void
run_body (DagTask  *task,
          gpointer  user_data)
{
  Run *run = user_data;
  guint position = 0;

  run->n_runs++;

  check (run, task == run->task);
  check (run, dag_task_get_state (task) == DAG_STATE_RUNNING);
  check (run, run->n_destroyed == 0);
  check (run, dag_task_get_argument_int (task, position++) == PLAIN);

  for (guint i = 0; i < run->c->n_edges; i++)
    {
      const EdgeCase *edge = &run->c->edges[i];
      DagTask *dependency = run->deps[case_get_dependency (run->c, i)].task;

      if (edge_is_input (edge))
        check_argument (run, task, position++, i);

      /* Of ANY and FIRST a loser may go on. */
      if (run->c->trigger == DAG_TRIGGER_ALL || !edge_is_input (edge))
        {
          check (run, dag_task_is_finished (dependency));
          check (run, edge->rule == DAG_RULE_SUCCEEDED || dag_task_get_settled (dependency));
        }
    }

  check (run, dag_task_get_n_arguments (task) == position);

  dag_task_return_int (task, ANSWER);
}

static void
destroy_run (gpointer user_data)
{
  Run *run = user_data;

  run->n_destroyed++;
}

static void
build_at_once (Run *run)
{
  const Case *c = run->c;
  GValue values[MAX_EDGES + 1] = { G_VALUE_INIT, };
  DagTask *prerequisites[MAX_EDGES];
  guint n_values = 0, n_prerequisites = 0;

  g_value_init (&values[0], G_TYPE_INT);
  g_value_set_int (&values[n_values++], PLAIN);

  for (guint i = 0; i < c->n_edges; i++)
    {
      const EdgeCase *edge = &c->edges[i];
      DagTask *dependency = run->deps[case_get_dependency (c, i)].task;

      if (edge_is_input (edge))
        {
          g_value_init (&values[n_values], DAG_TYPE_DEPENDENCY);
          g_value_take_boxed (&values[n_values++],
                              dag_dependency_new (dependency, edge->rule,
                                                  edge->kind == KIND_RAW_INPUT));
        }
      else if (edge->rule == DAG_RULE_SUCCEEDED)
        {
          prerequisites[n_prerequisites++] = dependency;
        }
    }

  run->task = dag_task_new_with_arguments (run_body, run, destroy_run, values, n_values,
                                           prerequisites, n_prerequisites);
  dag_task_set_trigger (run->task, c->trigger);

  for (guint i = 0; i < n_values; i++)
    g_value_unset (&values[i]);

  for (guint i = 0; i < c->n_edges; i++)
    {
      if (!edge_is_input (&c->edges[i]) && c->edges[i].rule != DAG_RULE_SUCCEEDED)
        add_prerequisite (run->task, run->deps[case_get_dependency (c, i)].task, c->edges[i].rule);
      run->attached[i] = TRUE;
    }
}

static void
build_step (Run   *run,
            guint  index)
{
  const EdgeCase *edge = &run->c->edges[index];
  DagTask *dependency = run->deps[case_get_dependency (run->c, index)].task;
  g_autoptr (GError) error = NULL;
  gboolean attached, skipped = FALSE;

  if (run->task == NULL)
    {
      run->task = g_object_new (DAG_TYPE_TASK,
                                "held", TRUE,
                                "trigger", run->c->trigger,
                                NULL);
      dag_task_set_function (run->task, run_body, run, destroy_run);
      dag_task_add_argument_int (run->task, PLAIN);
    }

  skipped = dag_task_is_finished (run->task);

  switch (edge->kind)
    {
    case KIND_INPUT:
      attached = dag_task_add_input (run->task, dependency, edge->rule, &error);
      break;
    case KIND_RAW_INPUT:
      attached = dag_task_add_raw_input (run->task, dependency, edge->rule, &error);
      break;
    case KIND_PREREQUISITE:
    case N_KINDS:
    default:
      attached = dag_task_add_prerequisite (run->task, dependency, edge->rule, &error);
      break;
    }

  /* One that was skipped while it was built wants no more. */
  check (run, attached == !skipped);
  if (skipped)
    g_assert_error (error, DAG_ERROR, DAG_ERROR_STARTED);

  run->attached[index] = attached;

  if (index == run->c->n_edges - 1)
    dag_task_release (run->task);
}

/* Tells the model what the steps so far have brought. */
static void
update_model (Run   *run,
              guint  step)
{
  const Case *c = run->c;
  Model *model = &run->model;
  gboolean attaching = c->steps[step].kind == STEP_ATTACH && !c->burst;
  gboolean ordered = TRUE;
  guint n_attached = 0;

  /* Of what is known already when the task is built the inputs are seen in their order, because
   * that is all there is; whether a prerequisite comes before them is not said.
   */
  for (guint i = 0; i < c->n_edges; i++)
    ordered = ordered && edge_is_input (&c->edges[i]);

  model->trigger = c->trigger;
  model->n_edges = 0;

  for (guint i = 0; i < c->n_edges; i++)
    {
      const Dependency *dep = &run->deps[case_get_dependency (c, i)];
      ModelEdge *edge = &model->edges[i];

      if (!run->attached[i])
        continue;

      n_attached++;
      model->n_edges = i + 1;
      *edge = (ModelEdge) {
        edge_is_input (&c->edges[i]), c->edges[i].rule, ending_get_reason (c->edges[i].ending)
      };

      if (!run->judged[i] && (model_edge_is_prompt (edge) ? dep->finished : dep->settled))
        {
          run->judged[i] = TRUE;
          model_add_event (model, i,
                           c->burst ? 0 : step * 8 + (attaching && ordered ? i : 0));
        }
    }

  if (n_attached == c->n_edges && !model->released)
    {
      model->released = TRUE;
      model_add_event (model, MODEL_RELEASED, c->burst ? 0 : step * 8 + 7);
    }
}

static gboolean
edge_has_failed_to (const Run *run,
                    guint      index)
{
  return run->attached[index] && run->judged[index] &&
         !model_edge_is_satisfied (&run->model.edges[index]) &&
         model_edge_get_refusal (&run->model.edges[index]) == DAG_REASON_FAILURE;
}

/* Whether an edge before has brought the same failure. */
static gboolean
origin_is_counted (const Run *run,
                   guint      index)
{
  for (guint i = 0; run->c->shared && i < index; i++)
    if (edge_has_failed_to (run, i))
      return TRUE;

  return FALSE;
}

/* All failures that reached the task can be read, the one that it ended with first. */
static void
check_failures (const Run *run)
{
  g_autofree DagTask **failures = NULL;
  gsize n_failures = 0;
  gsize n = 0;

  failures = dag_task_get_failures (run->task, &n_failures);

  if (dag_task_get_reason (run->task) == DAG_REASON_FAILURE)
    {
      check (run, n_failures > 0);
      check (run, failures[0] == dag_task_get_origin (run->task));
      n = failures[0] == run->task;
    }

  for (guint i = 0; i < run->c->n_edges; i++)
    if (edge_has_failed_to (run, i) && !origin_is_counted (run, i))
      {
        DagTask *origin = run->deps[case_get_dependency (run->c, i)].origin;
        guint times = 0;

        for (gsize k = 0; k < n_failures; k++)
          times += failures[k] == origin;
        check (run, times == 1);
        n++;
      }

  check (run, n_failures == n);
}

static gboolean
error_is_of (const GError     *error,
             const Dependency *dep)
{
  const GError *other = dag_task_get_error (dep->task);

  return error->domain == other->domain && error->code == other->code &&
         g_str_equal (error->message, other->message);
}

/* Whether the end of a dependency has the error that its ending is made with. */
static gboolean
error_is_made (const GError *error,
               Ending        ending,
               guint         index)
{
  g_autofree char *message = NULL;

  switch (ending)
    {
    case END_FAILURE:
    case END_SKIP_BY_FAILURE:
      message = g_strdup_printf ("Failure %u", index);
      return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
             g_str_equal (error->message, message);
    case END_SKIP_BY_CANCELLATION:
      message = g_strdup_printf ("Cancellation %u", index);
      return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
             g_str_equal (error->message, message);
    case END_CANCELLED:
      return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    case END_DECLINED:
    case END_SKIP_AS_NOT_NEEDED:
      return g_error_matches (error, DAG_ERROR, DAG_ERROR_NOT_NEEDED);
    case END_VALUE:
    case N_ENDINGS:
    default:
      return error == NULL;
    }
}

/* Whether a verdict of the model is what has come of the task. */
static gboolean
verdict_is_met (const ModelVerdict *verdict,
                gpointer            user_data)
{
  const Run *run = user_data;
  DagTask *task = run->task;
  DagState state = dag_task_get_state (task);
  DagReason reason = dag_task_get_reason (task);
  const GError *error = dag_task_get_error (task);
  DagTask *origin = dag_task_get_origin (task);

  switch (verdict->fate)
    {
    case MODEL_WAITS:
      return state == DAG_STATE_WAITING && reason == DAG_REASON_NONE && error == NULL &&
             origin == NULL && run->n_runs == 0 && run->n_destroyed == 0;

    case MODEL_RUNS:
      return state == DAG_STATE_SUCCEEDED && reason == DAG_REASON_NONE && error == NULL &&
             origin == NULL && run->n_runs == 1 && run->n_destroyed == 1 &&
             g_value_get_int (dag_task_get_value (task)) == ANSWER;

    case MODEL_EMPTY:
      return state == DAG_STATE_FAILED && reason == DAG_REASON_FAILURE &&
             g_error_matches (error, DAG_ERROR, DAG_ERROR_EMPTY) && origin == task &&
             run->n_runs == 0 && run->n_destroyed == 1;

    case MODEL_SKIPPED:
    default:
      {
        const Dependency *dep = &run->deps[case_get_dependency (run->c, verdict->cause)];
        const EdgeCase *edge = &run->c->edges[verdict->cause];

        if (state != DAG_STATE_SKIPPED || run->n_runs != 0 || run->n_destroyed != 1 ||
            reason != model_edge_get_refusal (&run->model.edges[verdict->cause]))
          return FALSE;

        if (edge->ending == END_VALUE)
          return g_error_matches (error, DAG_ERROR, DAG_ERROR_NOT_NEEDED) && origin == task;

        return error_is_made (error, edge->ending, dep - run->deps) && error_is_of (error, dep) &&
               origin == dep->origin;
      }
    }
}

static void
check_task (Run *run)
{
  gboolean settled = dag_task_is_finished (run->task);

  if (!model_find_verdict (&run->model, verdict_is_met, run))
    {
      const GError *error = dag_task_get_error (run->task);

      fail_case (run, __LINE__, "not by the rules: state %d, reason %d, ran %u times, %s",
                 dag_task_get_state (run->task), dag_task_get_reason (run->task), run->n_runs,
                 error != NULL ? error->message : "no error");
    }

  for (guint i = 0; i < run->c->n_edges; i++)
    settled = settled && (!run->attached[i] || run->deps[case_get_dependency (run->c, i)].settled);

  check (run, dag_task_get_settled (run->task) == settled);
  check_failures (run);
}

static void
take_step (Run        *run,
           const Step *step)
{
  switch ((StepKind) step->kind)
    {
    case STEP_ATTACH:
      if (run->c->build == BUILT_AT_ONCE)
        build_at_once (run);
      else
        build_step (run, step->edge);
      break;
    case STEP_FINISH:
      dependency_finish (&run->deps[step->edge], &run->c->edges[step->edge], step->edge);
      break;
    case STEP_SETTLE:
    case N_STEPS:
    default:
      dependency_settle (&run->deps[step->edge]);
      break;
    }
}

static void
run_case (const Case *c)
{
  Run run = { c, };
  gpointer weak[MAX_EDGES + 1];
  guint n_deps = case_get_n_dependencies (c);

  n_cases++;

  for (guint i = 0; i < n_deps; i++)
    {
      dependency_init (&run.deps[i], &c->edges[i]);
      weak[i] = run.deps[i].task;
      g_object_add_weak_pointer (weak[i], &weak[i]);
    }
  test_drain ();

  for (guint i = 0; i < c->n_steps; i++)
    {
      take_step (&run, &c->steps[i]);

      if (c->burst && i < c->n_steps - 1)
        continue;

      test_drain ();

      for (guint k = 0; k < n_deps; k++)
        check_dependency (&run, k);

      if (run.task != NULL)
        {
          update_model (&run, i);
          check_task (&run);
        }
    }

  check (&run, dag_task_get_settled (run.task));

  weak[MAX_EDGES] = run.task;
  g_object_add_weak_pointer (weak[MAX_EDGES], &weak[MAX_EDGES]);

  g_clear_object (&run.task);
  for (guint i = 0; i < n_deps; i++)
    dependency_clear (&run.deps[i]);
  test_drain ();

  check (&run, weak[MAX_EDGES] == NULL);
  for (guint i = 0; i < n_deps; i++)
    check (&run, weak[i] == NULL);
}

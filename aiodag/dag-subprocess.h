/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-call.h"
#include "dag-process-result.h"
#include "dag-task.h"

G_BEGIN_DECLS

/**
 * DAG_DEFAULT_GRACE_TIME:
 *
 * How long a command may go on, in milliseconds, after it was asked to end, where nothing else is
 * said.
 *
 * Since: 1.0
 */
#define DAG_DEFAULT_GRACE_TIME 5000

DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new_subprocess     (GSubprocessLauncher *launcher,
                                               const GValue        *argv,
                                               gsize                n_argv,
                                               const GValue        *input,
                                               gboolean             check,
                                               guint                grace_time);
DAG_AVAILABLE_IN_1_0
DagProcessResult *dag_task_get_process_result (DagTask             *self);

#ifndef __GI_SCANNER__
#define dag_task_new_subprocess(...) \
  dag_task_at (dag_task_new_subprocess (__VA_ARGS__), G_STRLOC)
#endif

G_END_DECLS

#ifndef __cplusplus

/**
 * dag_subprocess:
 * @launcher: (nullable): a [class@Gio.SubprocessLauncher]
 * @...: the command and its arguments, up to 16
 *
 * Makes a task that runs a command which reads nothing, as [ctor@Dag.Task.new_subprocess] does:
 *
 * ```c
 * DagTask *object = dag_subprocess (NULL, "cc", "-c", source, "-o", "main.o");
 * ```
 *
 * An argument is a string, a number, a `char **` that is several arguments, a `GFile *`, a
 * `GBytes *`; or a `DagTask *`, whose result is one of these.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_subprocess(launcher, ...) \
  dag_call_lend (_DAG_SUBPROCESS (launcher, dag_argument_none (), TRUE, DAG_DEFAULT_GRACE_TIME, \
                                  __VA_ARGS__))

/**
 * dag_subprocess_with:
 * @launcher: (nullable): a [class@Gio.SubprocessLauncher]
 * @input: what the command reads: a string, a `GBytes *`, a `DagTask *`, or %NULL
 * @check: whether a status other than 0 is a failure
 * @grace_time: how long it may go on when it was asked to end, in milliseconds
 * @...: the command and its arguments, up to 16
 *
 * Makes a task that runs a command, as [ctor@Dag.Task.new_subprocess] does, with everything that can
 * be said of it.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_subprocess_with(launcher, input, check, grace_time, ...) \
  dag_call_lend (_DAG_SUBPROCESS (launcher, _DAG_WORD_VALUE (input), check, grace_time, \
                                  __VA_ARGS__))

#ifndef __GI_SCANNER__

G_BEGIN_DECLS

/* What the macros are made of */

#define _DAG_SUBPROCESS(launcher, input, check, grace_time, ...) \
  dag_call_new_subprocess (launcher, \
                           G_STRLOC, \
                           input, \
                           check, \
                           grace_time, \
                           (const DagArgument[]) { _DAG_MAP (_DAG_WORD, subprocess, __VA_ARGS__) \
                                                   { .type = 0 } }, \
                           _DAG_CHECK (_DAG_COUNT (subprocess, __VA_ARGS__), \
                                       _DAG_COUNT (subprocess, __VA_ARGS__) <= _DAG_MAX, \
                                       "a command takes up to 16 arguments here"))

#define _DAG_WORD(name, k, x) _DAG_WORD_VALUE (x),
#define _DAG_WORD_VALUE(x) \
  _Generic ((x), \
            char **: dag_argument_strv, \
            const char **: dag_argument_strv, \
            char * const *: dag_argument_strv, \
            const char * const *: dag_argument_strv, \
            GFile *: dag_argument_file, \
            GBytes *: dag_argument_bytes, \
            default: _DAG_VALUE_FUNCTION (x, dag_argument_pointer)) (x)

DAG_AVAILABLE_IN_1_0
DagTask *dag_call_new_subprocess (GSubprocessLauncher *launcher,
                                  const char          *location,
                                  DagArgument          input,
                                  gboolean             check,
                                  guint                grace_time,
                                  const DagArgument   *argv,
                                  guint                n_argv);

#define _DAG_DEFINE_WORD(suffix, ctype, gtype) \
  G_GNUC_UNUSED static inline DagArgument \
  dag_argument_##suffix (ctype value) \
  { \
    return (DagArgument) { .type = gtype, .rule = -1, .v_pointer = (gconstpointer) value }; \
  }

_DAG_DEFINE_WORD (strv, const void *, G_TYPE_STRV)
_DAG_DEFINE_WORD (file, GFile *, G_TYPE_FILE)
_DAG_DEFINE_WORD (bytes, GBytes *, G_TYPE_BYTES)

#undef _DAG_DEFINE_WORD

G_GNUC_UNUSED static inline DagArgument
dag_argument_none (void)
{
  return dag_argument_pointer (NULL);
}

G_END_DECLS

#endif /* !__GI_SCANNER__ */
#endif /* !__cplusplus */

/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-call-macros.h"
#include "dag-combinators.h"
#include "dag-dependency.h"
#include "dag-enums.h"
#include "dag-function.h"
#include "dag-task.h"

/* The functional form, for C: a task function is defined like a function and called like one.
 *
 *   DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
 *   {
 *     dag_task_return_take_string (task, g_strconcat (left, right, NULL));
 *   }
 *
 *   DagTask *a = dag_call (fetch, "a");
 *   DagTask *b = dag_call (concatenate, a, "b");
 *
 * These are macros, and everything that they do can be done without them. Each one says what it
 * expands to; `gcc -E` shows the same.
 *
 * What is called here `dag_…` without `new` in its name returns a task that is borrowed: the
 * engine has the only reference. It is valid in the thread that owns its context until control is
 * back in the main loop there. To keep it longer, take a reference, as
 * `g_set_object (&self->last, dag_call (…))` does; in a thread that does not own the context,
 * use dag_call_full ().
 */

#ifndef __cplusplus

/* 1. Definitions */

/**
 * DAG_DEFINE_TASK:
 * @...: the name of the task function, and its parameters, up to 16, each in parentheses
 *
 * Defines a task function in this file. The body of the function follows; in it, `task` and the
 * parameters are in scope. It returns with one of the `dag_task_return_…` functions, at once or
 * later.
 *
 * A parameter is
 *
 * - `(type, name)` for a number, a boolean, a string (`char *`, `const char *`), or a `DagTask *`.
 *   The latter is raw: it gets the dependency itself, finished in whatever way, and a plain value
 *   that is given to it arrives as a finished task.
 * - `(type, name, GTYPE)` for an object, a boxed type, a GVariant, an enum or flags.
 * - `(type, name, DAG_POINTER)` for any other pointer. It is not checked and not owned.
 * - `(GPtrArray *, name, DAG_RAW)` for an array of tasks, each of them raw. It has to be the last
 *   parameter. The call gives a GPtrArray of tasks, or a single task; the body gets a GPtrArray of
 *   the tasks, which are finished unless [property@Dag.Task:trigger] says otherwise. The array owns
 *   nothing and is valid until the body has returned.
 *
 * What a body gets belongs to the task and is valid until the body has returned.
 *
 * No symbol has the name of the task function, so there is no harm in one called `remove`. The
 * program
 *
 * ```c
 * DAG_DEFINE_TASK (concatenate, (const char *, left), (const char *, right))
 * {
 *   dag_task_return_take_string (task, g_strconcat (left, right, NULL));
 * }
 * ```
 *
 * is short for
 *
 * ```c
 * typedef char concatenate_dag_count[1 + 2];
 *
 * struct concatenate_dag_arguments
 * {
 *   DagTask *task;
 *   const char *left;
 *   const char *right;
 * };
 *
 * static const DagParameter concatenate_dag_parameters[] = {
 *   { "left", G_STRUCT_OFFSET (…, left), sizeof (const char *), DAG_PARAMETER_POINTER },
 *   { "right", G_STRUCT_OFFSET (…, right), sizeof (const char *), DAG_PARAMETER_POINTER },
 *   { NULL, 0, 0, DAG_PARAMETER_NUMBER }
 * };
 *
 * static GType
 * concatenate_dag_type (guint index)
 * {
 *   switch (dag_parameter_number (index, 2))
 *     {
 *     case 1: return G_TYPE_STRING;
 *     case 2: return G_TYPE_STRING;
 *     default: return G_TYPE_INVALID;
 *     }
 * }
 *
 * static struct concatenate_dag_arguments
 * concatenate_dag_get (DagTask *task)
 * {
 *   struct concatenate_dag_arguments arguments = { 0 };
 *
 *   if (dag_call_get_arguments (task, concatenate_dag_parameters, 2, &arguments))
 *     arguments.task = task;
 *
 *   return arguments;
 * }
 *
 * static void concatenate_dag_body (DagTask *task, const char *left, const char *right);
 *
 * static void
 * concatenate_dag_run (DagTask *task, gpointer user_data)
 * {
 *   struct concatenate_dag_arguments arguments = concatenate_dag_get (task);
 *
 *   if (arguments.task != NULL)
 *     concatenate_dag_body (task, arguments.left, arguments.right);
 * }
 *
 * static const DagDefinition concatenate_dag_definition = {
 *   { "concatenate", concatenate_dag_run, 2, concatenate_dag_type, FALSE },
 *   concatenate_dag_parameters
 * };
 *
 * static void
 * concatenate_dag_body (DagTask *task, const char *left, const char *right)
 * {
 *   dag_task_return_take_string (task, g_strconcat (left, right, NULL));
 * }
 * ```
 *
 * and an inline function `concatenate_dag_argument ()`, which only is there for its name to be in
 * the compiler's message about an argument that is neither a number nor a pointer. To stop in the
 * body, `break concatenate_dag_body`.
 *
 * Since: 1.0
 */
#define DAG_DEFINE_TASK(...) \
  _DAG_DECLARE (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__), __VA_ARGS__) \
  _DAG_DEFINE (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__), static, _DAG_RUN, (), \
               __VA_ARGS__)

/**
 * DAG_DEFINE_TASK_IN_THREAD:
 * @...: the name of the task function, and its parameters, up to 16, each in parentheses
 *
 * Defines a task function whose body runs in a thread: one of the [property@Dag.Task:worker] of the
 * task, as `dag_with (dag_call (hash, file), "worker", worker, NULL)` sets it, or else of the
 * default worker.
 *
 * It is like DAG_DEFINE_TASK (), but the body may not use much besides its parameters, `task`, and
 * `cancellable`, which is in scope too; and it has to return an outcome before it ends.
 *
 * Since: 1.0
 */
#define DAG_DEFINE_TASK_IN_THREAD(...) \
  _DAG_DECLARE (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__), __VA_ARGS__) \
  _DAG_DEFINE (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__), static, _DAG_RUN_IN_THREAD, \
               (, G_GNUC_UNUSED GCancellable *cancellable), __VA_ARGS__)

/**
 * DAG_DECLARE_TASK:
 * @...: the name of the task function, and its parameters, as in the definition
 *
 * Declares a task function that is defined in another file of the program or library with
 * DAG_DEFINE_SHARED_TASK (). It stands in a header, like the prototype of a function.
 *
 * It is short for
 *
 * ```c
 * typedef char concatenate_dag_count[1 + 2];
 * extern const DagDefinition concatenate_dag_definition;
 * ```
 *
 * and the inline function `concatenate_dag_argument ()`. The definition is not exported from a
 * shared library: what a library offers to others is an ordinary function that calls it.
 *
 * Since: 1.0
 */
#define DAG_DECLARE_TASK(...) \
  _DAG_DECLARE_SHARED (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__), __VA_ARGS__)

/**
 * DAG_DEFINE_SHARED_TASK:
 * @...: the name of the task function, and its parameters, up to 16, each in parentheses
 *
 * Defines a task function that DAG_DECLARE_TASK () has declared before.
 *
 * It is like DAG_DEFINE_TASK (), but `concatenate_dag_definition` is not static.
 *
 * Since: 1.0
 */
#define DAG_DEFINE_SHARED_TASK(...) \
  _DAG_COMPARE (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__)) \
  _DAG_DEFINE (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__), , _DAG_RUN, (), __VA_ARGS__)

/**
 * DAG_POINTER:
 *
 * Stands in place of the GType of a parameter: it gets any pointer, unchecked and not owned.
 *
 * Since: 1.0
 */
#define DAG_POINTER ((struct _DagPointerParameter *) NULL)

/**
 * DAG_RAW:
 *
 * Stands in place of the GType of a parameter: it gets an array of finished tasks.
 *
 * Since: 1.0
 */
#define DAG_RAW ((struct _DagRawParameter *) NULL)

/**
 * DAG_FUNCTION:
 * @name: the name of a task function
 *
 * Gets a task function as a value, a `const DagFunction *` for
 * dag_task_new_for_function ().
 *
 * It expands to `&name_dag_definition.function`.
 *
 * Since: 1.0
 */
#define DAG_FUNCTION(name) (&name##_dag_definition.function)

/**
 * DAG_ARGS:
 * @name: the name of the task function
 * @task: the task
 * @...: the names of the parameters that are wanted
 *
 * Brings parameters of a task function into scope in a callback that its body has started. It is a
 * declaration and stands where declarations do. `DAG_ARGS (concatenate, user_data, right)` is short
 * for
 *
 * ```c
 * struct concatenate_dag_arguments concatenate_dag_in_scope = concatenate_dag_get (user_data);
 * const char *right = concatenate_dag_in_scope.right
 * ```
 *
 * The callback has to stand below the definition. The arguments are there until the task has
 * returned.
 *
 * Since: 1.0
 */
#define DAG_ARGS(name, task, ...) \
  G_GNUC_UNUSED struct name##_dag_arguments name##_dag_in_scope = name##_dag_get (task) \
  _DAG_MAP (_DAG_IN_SCOPE, name, __VA_ARGS__)

/**
 * DAG_DEFINE_ASYNC:
 * @name: the beginning of the name of the callback
 * @gtype: the type of the result, %G_TYPE_NONE for none
 * @...: an expression that finishes the operation
 *
 * Defines a [callback@Gio.AsyncReadyCallback] called `name_ready` that ends a task, which is its
 * user data, with the result of an asynchronous operation. The expression can use `source`,
 * `result`, `error`, a `GError **`, and `task`.
 *
 * ```c
 * DAG_DEFINE_ASYNC (load_bytes, G_TYPE_BYTES,
 *                   g_file_load_bytes_finish (G_FILE (source), result, NULL, error))
 *
 * DAG_DEFINE_TASK (load, (GFile *, file, G_TYPE_FILE))
 * {
 *   g_file_load_bytes_async (file, dag_task_get_cancellable (task), load_bytes_ready, task);
 * }
 * ```
 *
 * The task takes the value: a pointer has to be what a `transfer full` function returns. Only a
 * `const char *` is copied. Numbers are converted to @gtype. If the error was set, the task ends
 * with it and the value is ignored. The first line is short for
 *
 * ```c
 * static void
 * load_bytes_ready (GObject *source, GAsyncResult *result, gpointer user_data)
 * {
 *   DagTask *task = user_data;
 *   GError *dag_error = NULL;
 *   GError **error = &dag_error;
 *   DagArgument value = dag_argument_pointer (g_file_load_bytes_finish (…, error));
 *
 *   dag_call_return (task, G_TYPE_BYTES, value, dag_error);
 * }
 * ```
 *
 * Since: 1.0
 */
#define DAG_DEFINE_ASYNC(name, gtype, ...) \
  static void \
  name##_ready (G_GNUC_UNUSED GObject *source, G_GNUC_UNUSED GAsyncResult *result, \
                gpointer user_data) \
  { \
    DagTask *task = user_data; \
    GError *dag_error = NULL; \
    G_GNUC_UNUSED GError **error = &dag_error; \
    DagArgument value = _DAG_VALUE ((__VA_ARGS__), dag_argument_pointer); \
    \
    dag_call_return (task, (gtype), value, dag_error); \
  }

/* 2. Calls */

/**
 * dag_call:
 * @...: the name of a task function, and its arguments
 *
 * Makes a task of a task function. An argument that is a `DagTask *` is an input: the function
 * gets its result. Any other argument is a plain value: a number, a string, or a pointer, which
 * has the type that the parameter was declared with, so that a task in a `gpointer` has to be cast.
 * Values convert as g_value_transform () does. Strings, boxed values and variants are copied or
 * referenced. `NULL` is allowed for strings, objects, boxed values and variants.
 *
 * With dag_succeeded (), dag_finished () or dag_failed () around it, an input has another rule:
 * `dag_call (report, dag_failed (upload))`. The latter two make it raw, so that the parameter has
 * to be a `DagTask *`.
 *
 * With dag_weak () around it, an object is not kept until the function is called.
 *
 * Another number of arguments than the function takes, or an argument that is neither a number nor
 * a pointer, does not compile. An object of another type than the parameter's is a critical
 * warning when the call is made, and the task ends with %DAG_ERROR_ARGUMENT_TYPE. So does a task
 * that gets a value that does not fit from a dependency.
 *
 * `dag_call (concatenate, a, "b")` is short for
 *
 * ```c
 * dag_call_lend (dag_call_new (&concatenate_dag_definition, G_STRLOC,
 *                              (const DagArgument[]) { dag_argument_task (a),
 *                                                      dag_argument_string ("b"),
 *                                                      { .type = 0 } },
 *                              2))
 * ```
 *
 * in which `_Generic` has chosen the `dag_argument_…` functions.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_call(...) dag_call_lend (_DAG_CALL (__VA_ARGS__))

/**
 * dag_call_full:
 * @...: the name of a task function, and its arguments
 *
 * Makes a task as dag_call () does, but the reference belongs to the caller.
 *
 * Returns: (transfer full): the task
 *
 * Since: 1.0
 */
#define dag_call_full(...) _DAG_CALL (__VA_ARGS__)

/**
 * dag_map:
 * @name: the name of a task function with one parameter
 * @items: an array of arguments
 * @n_items: how many there are
 *
 * Calls a task function for each item and collects the [struct@Dag.Results] in the order of the
 * items, as [ctor@Dag.Task.new_all] does. What an item is follows from its C type, as for an
 * argument of dag_call (), so `const char *names[]`, `int numbers[]` and `DagTask *tasks[]` will
 * all do, and for a GPtrArray it is `dag_map (load, array->pdata, array->len)`.
 *
 * Returns: (transfer none): the task that collects, borrowed until control is back in the main
 *   loop
 *
 * Since: 1.0
 */
#define dag_map(name, items, n_items) dag_call_lend (_DAG_MAP_CALL (name, items, n_items))

/**
 * dag_depends_on:
 * @...: a task, and others that it shall wait for
 *
 * Lets the first task wait for the others without getting their results. They can have another
 * rule, and the call can be nested: `dag_depends_on (dag_call (upload, s), a, dag_finished (b))`.
 *
 * As it returns the task, it cannot return an error. A dependency that is refused, because it
 * would close a cycle or because the task has started, is a critical warning with the path, and
 * the task is left as it was; where this can happen use [method@Dag.Task.add_prerequisite].
 *
 * Returns: (transfer none): the first task
 *
 * Since: 1.0
 */
#define dag_depends_on(...) \
  dag_call_depend (_DAG_HEAD (__VA_ARGS__), \
                   G_STRLOC, \
                   (const DagArgument[]) { _DAG_MAP (_DAG_DEPENDENCY, __VA_ARGS__) \
                                           { .type = 0 } }, \
                   _DAG_CHECK (_DAG_COUNT (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__) <= _DAG_MAX, \
                               "dag_depends_on () takes up to 16 dependencies"))

/**
 * dag_all:
 * @...: tasks
 *
 * Makes a task of [ctor@Dag.Task.new_all]: it has the [struct@Dag.Results] of all
 * the tasks, in order.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_all(...) \
  dag_call_lend (dag_task_at ((dag_task_new_all) (_DAG_TASKS (__VA_ARGS__)), G_STRLOC))

/**
 * dag_settled:
 * @...: tasks
 *
 * Makes a task of [ctor@Dag.Task.new_settled]: it has the [struct@Dag.Results] of
 * all the tasks, finished in whatever way.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_settled(...) \
  dag_call_lend (dag_task_at ((dag_task_new_settled) (_DAG_TASKS (__VA_ARGS__)), G_STRLOC))

/**
 * dag_any:
 * @...: tasks
 *
 * Makes a task of [ctor@Dag.Task.new_any]: it ends with the result of the first task
 * that succeeds. The others go on.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_any(...) \
  dag_call_lend (dag_task_at ((dag_task_new_any) (_DAG_TASKS (__VA_ARGS__), FALSE), G_STRLOC))

/**
 * dag_race:
 * @...: tasks
 *
 * Makes a task of [ctor@Dag.Task.new_race]: it ends as the first task that finishes. The
 * others go on.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_race(...) \
  dag_call_lend (dag_task_at ((dag_task_new_race) (_DAG_TASKS (__VA_ARGS__), FALSE), G_STRLOC))

/**
 * dag_delay:
 * @milliseconds: how long
 *
 * Makes a task of [ctor@Dag.Task.new_delay]: it succeeds after a time.
 *
 * Returns: (transfer none): the task, borrowed until control is back in the main loop
 *
 * Since: 1.0
 */
#define dag_delay(milliseconds) \
  dag_call_lend (dag_task_at ((dag_task_new_delay) (milliseconds), G_STRLOC))

DAG_AVAILABLE_IN_1_0
DagTask *dag_with (DagTask    *task,
                   const char *first_property_name,
                   ...) G_GNUC_NULL_TERMINATED;

/* 3. What the macros are made of */

#ifndef __GI_SCANNER__

G_BEGIN_DECLS

/**
 * DagArgument: (skip)
 *
 * An argument of a call, for the macros: a number or a pointer, or a task and a rule. It owns
 * nothing.
 *
 * Since: 1.0
 */
typedef struct
{
  GType    type;      /* of the C value; G_TYPE_OBJECT for a task, G_TYPE_POINTER for any pointer */
  int      rule;      /* a DagRule, -1 for none */
  gboolean is_const;  /* of a string */
  gboolean is_weak;   /* of an object */
  union {
    gint64        v_integer;
    guint64       v_unsigned;
    double        v_double;
    gconstpointer v_pointer;
  };
} DagArgument;

typedef enum {
  DAG_PARAMETER_NUMBER,
  DAG_PARAMETER_POINTER,
  DAG_PARAMETER_RAW,      /* the rest of the arguments, all tasks */
} DagParameterKind;

/**
 * DagParameter: (skip)
 *
 * A parameter of a task function, for the macros: where it is in the struct of arguments.
 *
 * Since: 1.0
 */
typedef struct
{
  const char       *name;
  guint             offset;
  guint             size;
  DagParameterKind  kind;
} DagParameter;

/**
 * DagDefinition: (skip)
 *
 * What DAG_DEFINE_TASK () defines.
 *
 * Since: 1.0
 */
typedef struct
{
  DagFunction         function;
  const DagParameter *parameters;
} DagDefinition;

DAG_AVAILABLE_IN_1_0
DagTask  *dag_call_new           (const DagDefinition *definition,
                                  const char          *location,
                                  const DagArgument   *arguments,
                                  guint                n_arguments);
DAG_AVAILABLE_IN_1_0
DagTask  *dag_call_new_map       (const DagDefinition *definition,
                                  const char          *location,
                                  gconstpointer        items,
                                  gsize                n_items,
                                  gsize                item_size,
                                  GType                item_type);
DAG_AVAILABLE_IN_1_0
DagTask  *dag_call_lend          (DagTask             *task);
DAG_AVAILABLE_IN_1_0
DagTask  *dag_call_depend        (DagTask             *task,
                                  const char          *location,
                                  const DagArgument   *dependencies,
                                  guint                n_dependencies);
DAG_AVAILABLE_IN_1_0
gboolean  dag_call_get_arguments (DagTask             *task,
                                  const DagParameter  *parameters,
                                  guint                n_parameters,
                                  gpointer             arguments);
DAG_AVAILABLE_IN_1_0
void      dag_call_return        (DagTask             *task,
                                  GType                type,
                                  DagArgument          value,
                                  GError              *error);

/* One for each C type: a wider field of the union takes it. */
#define _DAG_DEFINE_ARGUMENT(suffix, ctype, gtype, field) \
  G_GNUC_UNUSED static inline DagArgument \
  dag_argument_##suffix (ctype value) \
  { \
    return (DagArgument) { .type = gtype, .rule = -1, .field = value }; \
  }

_DAG_DEFINE_ARGUMENT (boolean, _Bool, G_TYPE_BOOLEAN, v_unsigned)
_DAG_DEFINE_ARGUMENT (char, signed char, G_TYPE_CHAR, v_integer)
_DAG_DEFINE_ARGUMENT (uchar, unsigned char, G_TYPE_UCHAR, v_unsigned)
_DAG_DEFINE_ARGUMENT (int, int, G_TYPE_INT, v_integer)
_DAG_DEFINE_ARGUMENT (uint, unsigned int, G_TYPE_UINT, v_unsigned)
_DAG_DEFINE_ARGUMENT (long, long, G_TYPE_LONG, v_integer)
_DAG_DEFINE_ARGUMENT (ulong, unsigned long, G_TYPE_ULONG, v_unsigned)
_DAG_DEFINE_ARGUMENT (int64, long long, G_TYPE_INT64, v_integer)
_DAG_DEFINE_ARGUMENT (uint64, unsigned long long, G_TYPE_UINT64, v_unsigned)
_DAG_DEFINE_ARGUMENT (float, float, G_TYPE_FLOAT, v_double)
_DAG_DEFINE_ARGUMENT (double, double, G_TYPE_DOUBLE, v_double)
_DAG_DEFINE_ARGUMENT (string, char *, G_TYPE_STRING, v_pointer)
_DAG_DEFINE_ARGUMENT (task, DagTask *, G_TYPE_OBJECT, v_pointer)
_DAG_DEFINE_ARGUMENT (pointer, const void *, G_TYPE_POINTER, v_pointer)

#undef _DAG_DEFINE_ARGUMENT

G_GNUC_UNUSED static inline DagArgument
dag_argument_const_string (const char *value)
{
  return (DagArgument) { .type = G_TYPE_STRING, .rule = -1, .is_const = TRUE, .v_pointer = value };
}

G_GNUC_UNUSED static inline DagArgument
dag_argument_itself (DagArgument value)
{
  return value;
}

/* From 1; those after the last are the last. */
G_GNUC_UNUSED static inline guint
dag_parameter_number (guint index,
                      guint n_parameters)
{
  return index < n_parameters ? index + 1 : n_parameters;
}

/**
 * dag_succeeded: (skip)
 * @task: a task
 *
 * A dependency with the rule %DAG_RULE_SUCCEEDED, as an argument of dag_call () or
 * dag_depends_on (). It says for a raw parameter that only success will do.
 *
 * Returns: the dependency
 *
 * Since: 1.0
 */
G_GNUC_UNUSED static inline DagArgument
dag_succeeded (DagTask *task)
{
  return (DagArgument) { .type = G_TYPE_OBJECT, .rule = DAG_RULE_SUCCEEDED, .v_pointer = task };
}

/**
 * dag_finished: (skip)
 * @task: a task
 *
 * A dependency with the rule %DAG_RULE_FINISHED, as an argument of dag_call () or
 * dag_depends_on (). An input with this rule is raw, so its parameter is a `DagTask *`.
 *
 * Returns: the dependency
 *
 * Since: 1.0
 */
G_GNUC_UNUSED static inline DagArgument
dag_finished (DagTask *task)
{
  return (DagArgument) { .type = G_TYPE_OBJECT, .rule = DAG_RULE_FINISHED, .v_pointer = task };
}

/**
 * dag_failed: (skip)
 * @task: a task
 *
 * A dependency with the rule %DAG_RULE_FAILED, as an argument of dag_call () or dag_depends_on ().
 * An input with this rule is raw, so its parameter is a `DagTask *`.
 *
 * Returns: the dependency
 *
 * Since: 1.0
 */
G_GNUC_UNUSED static inline DagArgument
dag_failed (DagTask *task)
{
  return (DagArgument) { .type = G_TYPE_OBJECT, .rule = DAG_RULE_FAILED, .v_pointer = task };
}

/**
 * dag_weak: (skip)
 * @object: (nullable): an object
 *
 * An object that the task is not to keep alive, as an argument of dag_call (). The function gets it,
 * or %NULL if it is gone when the function is called: see
 * [method@Dag.Task.add_argument_weak_object].
 *
 * Returns: the argument
 *
 * Since: 1.0
 */
G_GNUC_UNUSED static inline DagArgument
dag_weak (gpointer object)
{
  return (DagArgument) { .type = G_TYPE_OBJECT, .rule = -1, .is_weak = TRUE, .v_pointer = object };
}

G_END_DECLS

#endif /* !__GI_SCANNER__ */
#endif /* !__cplusplus */

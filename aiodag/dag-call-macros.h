/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-task.h"

/* How dag-call.h counts and maps lists of macro arguments, and how it tells C types apart.
 *
 * Nothing in here is for programs. A list always begins with the name of a task function, so that
 * it is never empty: `name` alone is a call or a definition without arguments.
 */

/* A header with DAG_DECLARE_TASK () has nothing to say to other languages. */
#ifdef __GI_SCANNER__
#define _DAG_DECLARE_SHARED(...)
#endif

#ifndef __GI_SCANNER__
#ifndef __cplusplus

/* 1. Lists */

#define _DAG_PASTE(a, b) _DAG_PASTE_ (a, b)
#define _DAG_PASTE_(a, b) a##b
#define _DAG_STRING(a) _DAG_STRING_ (a)
#define _DAG_STRING_(a) #a
#define _DAG_UNWRAP(...) __VA_ARGS__

/* name, a, b → name */
#define _DAG_HEAD(...) _DAG_HEAD_ (__VA_ARGS__, )
#define _DAG_HEAD_(head, ...) head

/* name, a, b → 2 */
#define _DAG_COUNT(...) \
  _DAG_COUNT_ (__VA_ARGS__, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, \
               6, 5, 4, 3, 2, 1, 0, )
#define _DAG_COUNT_(head, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, \
                    count, ...) \
  count

/* m, name, a, b → m (name, 2, a) m (name, 1, b): the number is how many are left. What is more
 * than _DAG_MAX counts, so that it can be refused, but is left out. */
#define _DAG_MAX 16
#define _DAG_MAP(m, ...) _DAG_PASTE (_DAG_MAP_, _DAG_COUNT (__VA_ARGS__)) (m, __VA_ARGS__)
#define _DAG_MAP_0(m, name)
#define _DAG_MAP_1(m, name, a) m (name, 1, a)
#define _DAG_MAP_2(m, name, a, ...) m (name, 2, a) _DAG_MAP_1 (m, name, __VA_ARGS__)
#define _DAG_MAP_3(m, name, a, ...) m (name, 3, a) _DAG_MAP_2 (m, name, __VA_ARGS__)
#define _DAG_MAP_4(m, name, a, ...) m (name, 4, a) _DAG_MAP_3 (m, name, __VA_ARGS__)
#define _DAG_MAP_5(m, name, a, ...) m (name, 5, a) _DAG_MAP_4 (m, name, __VA_ARGS__)
#define _DAG_MAP_6(m, name, a, ...) m (name, 6, a) _DAG_MAP_5 (m, name, __VA_ARGS__)
#define _DAG_MAP_7(m, name, a, ...) m (name, 7, a) _DAG_MAP_6 (m, name, __VA_ARGS__)
#define _DAG_MAP_8(m, name, a, ...) m (name, 8, a) _DAG_MAP_7 (m, name, __VA_ARGS__)
#define _DAG_MAP_9(m, name, a, ...) m (name, 9, a) _DAG_MAP_8 (m, name, __VA_ARGS__)
#define _DAG_MAP_10(m, name, a, ...) m (name, 10, a) _DAG_MAP_9 (m, name, __VA_ARGS__)
#define _DAG_MAP_11(m, name, a, ...) m (name, 11, a) _DAG_MAP_10 (m, name, __VA_ARGS__)
#define _DAG_MAP_12(m, name, a, ...) m (name, 12, a) _DAG_MAP_11 (m, name, __VA_ARGS__)
#define _DAG_MAP_13(m, name, a, ...) m (name, 13, a) _DAG_MAP_12 (m, name, __VA_ARGS__)
#define _DAG_MAP_14(m, name, a, ...) m (name, 14, a) _DAG_MAP_13 (m, name, __VA_ARGS__)
#define _DAG_MAP_15(m, name, a, ...) m (name, 15, a) _DAG_MAP_14 (m, name, __VA_ARGS__)
#define _DAG_MAP_16(m, name, a, ...) m (name, 16, a) _DAG_MAP_15 (m, name, __VA_ARGS__)
#define _DAG_MAP_17(m, name, ...)
#define _DAG_MAP_18(m, name, ...)
#define _DAG_MAP_19(m, name, ...)
#define _DAG_MAP_20(m, name, ...)
#define _DAG_MAP_21(m, name, ...)
#define _DAG_MAP_22(m, name, ...)
#define _DAG_MAP_23(m, name, ...)
#define _DAG_MAP_24(m, name, ...)

/* n, but it does not compile if the condition does not hold. */
#define _DAG_CHECK(n, condition, message) \
  ((n) + 0 * sizeof (struct { _Static_assert (condition, message); char c; }))

/* 2. C types */

/* What stands in place of a GType in a parameter. They are told apart from one by their C type. */
struct _DagPointerParameter;
struct _DagRawParameter;

#define _DAG_BY_GTYPE(gtype, pointer, raw, otherwise) \
  _Generic ((gtype), \
            struct _DagPointerParameter *: pointer, \
            struct _DagRawParameter *: raw, \
            default: otherwise)

/* The GType that goes with the C type of a number, otherwise one of the last three. */
#define _DAG_BY_TYPE(x, string, task, otherwise) \
  _Generic ((x), \
            _Bool: G_TYPE_BOOLEAN, \
            char: G_TYPE_CHAR, \
            signed char: G_TYPE_CHAR, \
            unsigned char: G_TYPE_UCHAR, \
            short: G_TYPE_INT, \
            unsigned short: G_TYPE_UINT, \
            int: G_TYPE_INT, \
            unsigned int: G_TYPE_UINT, \
            long: G_TYPE_LONG, \
            unsigned long: G_TYPE_ULONG, \
            long long: G_TYPE_INT64, \
            unsigned long long: G_TYPE_UINT64, \
            float: G_TYPE_FLOAT, \
            double: G_TYPE_DOUBLE, \
            char *: string, \
            const char *: string, \
            DagTask *: task, \
            default: otherwise)

/* An expression of any C type as a DagArgument. `otherwise` takes a const void *, so what is
 * neither a number nor a pointer does not compile. */
#define _DAG_VALUE(x, otherwise) _DAG_VALUE_FUNCTION (x, otherwise) (x)
#define _DAG_VALUE_FUNCTION(x, otherwise) \
  _Generic ((x), \
            _Bool: dag_argument_boolean, \
            char: dag_argument_char, \
            signed char: dag_argument_char, \
            unsigned char: dag_argument_uchar, \
            short: dag_argument_int, \
            unsigned short: dag_argument_uint, \
            int: dag_argument_int, \
            unsigned int: dag_argument_uint, \
            long: dag_argument_long, \
            unsigned long: dag_argument_ulong, \
            long long: dag_argument_int64, \
            unsigned long long: dag_argument_uint64, \
            float: dag_argument_float, \
            double: dag_argument_double, \
            char *: dag_argument_string, \
            const char *: dag_argument_const_string, \
            DagTask *: dag_argument_task, \
            DagArgument: dag_argument_itself, \
            default: otherwise)

/* 3. Parts of a call */

#define _DAG_CALL(...) \
  _DAG_CALL_ (_DAG_HEAD (__VA_ARGS__), _DAG_COUNT (__VA_ARGS__), __VA_ARGS__)
#define _DAG_CALL_(name, n, ...) \
  dag_call_new (&_DAG_PASTE (name, _dag_definition), \
                G_STRLOC, \
                (const DagArgument[]) { _DAG_MAP (_DAG_ARGUMENT, __VA_ARGS__) { .type = 0 } }, \
                _DAG_CHECK (n, sizeof (_DAG_PASTE (name, _dag_count)) == 1 + n, \
                            "wrong number of arguments to " _DAG_STRING (name) " (): " \
                            _DAG_STRING (n)))
#define _DAG_ARGUMENT(name, k, x) _DAG_VALUE (x, _DAG_PASTE (name, _dag_argument)),

#define _DAG_MAP_CALL(name, items, n_items) \
  dag_call_new_map (&name##_dag_definition, \
                    G_STRLOC, \
                    (items), \
                    _DAG_CHECK (n_items, sizeof (name##_dag_count) == 1 + 1, \
                                "wrong number of arguments to " #name " (): dag_map () has 1"), \
                    sizeof (*(items)) + 0 * sizeof (_DAG_VALUE (*(items), name##_dag_argument)), \
                    _DAG_BY_TYPE (*(items), G_TYPE_STRING, G_TYPE_OBJECT, G_TYPE_POINTER))

/* An array and its length. */
#define _DAG_TASKS(...) \
  (DagTask * const[]) { __VA_ARGS__ }, \
  sizeof ((DagTask * const[]) { __VA_ARGS__ }) / sizeof (DagTask *)

#define _DAG_DEPENDENCY(name, k, x) \
  _Generic ((x), \
            DagTask *: dag_argument_task, \
            void *: dag_argument_task, \
            DagArgument: dag_argument_itself) (x),

#define _DAG_IN_SCOPE(name, k, parameter) \
  ; G_GNUC_UNUSED __typeof__ (name##_dag_in_scope.parameter) parameter = \
    name##_dag_in_scope.parameter

/* 4. Parts of a definition. A parameter is (type, name) or (type, name, gtype). */

#define _DAG_PARAMETER(m, name, k, parameter) \
  _DAG_PARAMETER_ (m, name, k, _DAG_UNWRAP parameter)
#define _DAG_PARAMETER_(...) _DAG_PARAMETER__ (__VA_ARGS__)
#define _DAG_PARAMETER__(m, name, k, type, ...) \
  _DAG_PASTE (m, _DAG_COUNT (__VA_ARGS__)) (name, k, type, __VA_ARGS__)

#define _DAG_FIELD(name, k, parameter) _DAG_FIELD_ parameter;
#define _DAG_FIELD_(type, ...) type _DAG_HEAD (__VA_ARGS__)

#define _DAG_FORMAL(name, k, parameter) , _DAG_FORMAL_ parameter
#define _DAG_FORMAL_(type, ...) G_GNUC_UNUSED type _DAG_HEAD (__VA_ARGS__)

#define _DAG_ACTUAL(name, k, parameter) , arguments._DAG_ACTUAL_ parameter
#define _DAG_ACTUAL_(type, ...) _DAG_HEAD (__VA_ARGS__)

/* The field of a parameter, to ask the compiler about; never evaluated. */
#define _DAG_FIELD_OF(name, parameter) (((struct name##_dag_arguments *) 0)->parameter)
#define _DAG_IS_POINTER(name, parameter) \
  (_DAG_BY_TYPE (_DAG_FIELD_OF (name, parameter), 0, 0, 0) == 0)

#define _DAG_ASSERT(name, k, parameter) _DAG_PARAMETER (_DAG_ASSERT_, name, k, parameter)
#define _DAG_ASSERT_0(name, k, type, parameter) \
  _Static_assert (_DAG_BY_TYPE (_DAG_FIELD_OF (name, parameter), 1, 1, 0) != 0, \
                  #name " (): the parameter " #parameter " needs a third part: " \
                  "its GType, DAG_POINTER or DAG_RAW");
#define _DAG_ASSERT_1(name, k, type, parameter, gtype) \
  _Static_assert (!_DAG_IS_POINTER (name, parameter) || \
                  sizeof (_DAG_FIELD_OF (name, parameter)) == sizeof (void *), \
                  #name " (): the parameter " #parameter " is neither a number nor a pointer"); \
  _Static_assert (_DAG_BY_GTYPE (gtype, 0, 1, 0) == 0 || \
                  _Generic (_DAG_FIELD_OF (name, parameter), GPtrArray *: k, default: 0) == 1, \
                  #name " (): the DAG_RAW parameter " #parameter " has to be " \
                  "a GPtrArray * and the last one");

#define _DAG_ROW(name, k, parameter) _DAG_PARAMETER (_DAG_ROW_, name, k, parameter)
#define _DAG_ROW_0(name, k, type, parameter) \
  { #parameter, G_STRUCT_OFFSET (struct name##_dag_arguments, parameter), \
    sizeof (_DAG_FIELD_OF (name, parameter)), \
    _DAG_IS_POINTER (name, parameter) ? DAG_PARAMETER_POINTER : DAG_PARAMETER_NUMBER },
#define _DAG_ROW_1(name, k, type, parameter, gtype) \
  { #parameter, G_STRUCT_OFFSET (struct name##_dag_arguments, parameter), \
    sizeof (_DAG_FIELD_OF (name, parameter)), \
    _DAG_BY_GTYPE (gtype, DAG_PARAMETER_POINTER, DAG_PARAMETER_RAW, \
                   _DAG_IS_POINTER (name, parameter) ? DAG_PARAMETER_POINTER \
                                                     : DAG_PARAMETER_NUMBER) },

#define _DAG_CASE(name, k, parameter) \
  case sizeof (name##_dag_count) - k: \
    return _DAG_PARAMETER (_DAG_CASE_, name, k, parameter);
#define _DAG_CASE_0(name, k, type, parameter) \
  _DAG_BY_TYPE (_DAG_FIELD_OF (name, parameter), G_TYPE_STRING, DAG_TYPE_TASK, G_TYPE_INVALID)
#define _DAG_CASE_1(name, k, type, parameter, gtype) \
  _DAG_BY_GTYPE (gtype, G_TYPE_INVALID, DAG_TYPE_TASK, (gtype))

/* What a file that calls a task function has to know of it. */
#define _DAG_DECLARE(...) _DAG_DECLARE_ (__VA_ARGS__)
#define _DAG_DECLARE_(name, n, ...) \
  _Static_assert (n <= _DAG_MAX, #name " (): there are more than 16 parameters"); \
  typedef char name##_dag_count[1 + n]; \
  \
  G_GNUC_UNUSED static inline DagArgument \
  name##_dag_argument (const void *name##_dag_argument_) \
  { \
    return dag_argument_pointer (name##_dag_argument_); \
  }

#define _DAG_DECLARE_SHARED(...) _DAG_DECLARE_SHARED_ (__VA_ARGS__)
#define _DAG_DECLARE_SHARED_(name, n, ...) \
  _DAG_DECLARE_ (name, n, __VA_ARGS__) \
  G_GNUC_INTERNAL extern const DagDefinition name##_dag_definition;

#define _DAG_COMPARE(...) _DAG_COMPARE_ (__VA_ARGS__)
#define _DAG_COMPARE_(name, n) \
  _Static_assert (sizeof (name##_dag_count) == 1 + n, \
                  #name " () has other parameters here than in DAG_DECLARE_TASK ()");

#define _DAG_DEFINE(...) _DAG_DEFINE_ (__VA_ARGS__)
#define _DAG_DEFINE_(name, n, linkage, run, cancellable, ...) \
  struct name##_dag_arguments \
  { \
    DagTask *task; \
    _DAG_MAP (_DAG_FIELD, __VA_ARGS__) \
  }; \
  \
  _DAG_MAP (_DAG_ASSERT, __VA_ARGS__) \
  \
  static const DagParameter name##_dag_parameters[] = \
  { \
    _DAG_MAP (_DAG_ROW, __VA_ARGS__) \
    { NULL, 0, 0, DAG_PARAMETER_NUMBER } \
  }; \
  \
  static GType \
  name##_dag_type (G_GNUC_UNUSED guint index) \
  { \
    switch (dag_parameter_number (index, n)) \
      { \
        _DAG_MAP (_DAG_CASE, __VA_ARGS__) \
      default: \
        return G_TYPE_INVALID; \
      } \
  } \
  \
  G_GNUC_UNUSED static struct name##_dag_arguments \
  name##_dag_get (DagTask *task) \
  { \
    struct name##_dag_arguments arguments = { 0 }; \
    \
    if (dag_call_get_arguments (task, name##_dag_parameters, n, &arguments)) \
      arguments.task = task; \
    \
    return arguments; \
  } \
  \
  static void \
  name##_dag_body (DagTask *task \
                   _DAG_UNWRAP cancellable \
                   _DAG_MAP (_DAG_FORMAL, __VA_ARGS__)); \
  \
  run (name, __VA_ARGS__) \
  \
  linkage const DagDefinition name##_dag_definition = \
  { \
    { #name, name##_dag_run, n, name##_dag_type, run##_FLAG }, \
    name##_dag_parameters \
  }; \
  \
  static void \
  name##_dag_body (G_GNUC_UNUSED DagTask *task \
                   _DAG_UNWRAP cancellable \
                   _DAG_MAP (_DAG_FORMAL, __VA_ARGS__))

/* The function of a task: calls the body. */
#define _DAG_RUN(name, ...) \
  static void \
  name##_dag_run (DagTask *task, G_GNUC_UNUSED gpointer user_data) \
  { \
    struct name##_dag_arguments arguments = name##_dag_get (task); \
    \
    if (arguments.task != NULL) \
      name##_dag_body (task _DAG_MAP (_DAG_ACTUAL, __VA_ARGS__)); \
  }

#define _DAG_RUN_FLAG FALSE

/* The same for one that is called in a thread. */
#define _DAG_RUN_IN_THREAD(name, ...) \
  static void \
  name##_dag_run (DagTask *task, G_GNUC_UNUSED gpointer user_data) \
  { \
    struct name##_dag_arguments arguments = name##_dag_get (task); \
    \
    if (arguments.task != NULL) \
      name##_dag_body (task, dag_task_get_cancellable (task) _DAG_MAP (_DAG_ACTUAL, __VA_ARGS__)); \
  }

#define _DAG_RUN_IN_THREAD_FLAG TRUE

#endif /* !__cplusplus */
#endif /* !__GI_SCANNER__ */

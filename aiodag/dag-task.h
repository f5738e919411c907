/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-dependency.h"
#include "dag-enums.h"
#include "dag-function.h"
#include "dag-limiter.h"
#include "dag-retry.h"
#include "dag-types.h"

G_BEGIN_DECLS

#define DAG_TYPE_TASK (dag_task_get_type ())

DAG_AVAILABLE_IN_1_0
GType             dag_task_get_type                (void) G_GNUC_CONST;

#ifndef __GTK_DOC_IGNORE__
/* What G_DECLARE_FINAL_TYPE () makes, for a type that is declared in dag-types.h. */
typedef struct { GObjectClass parent_class; } DagTaskClass;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DagTask, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DagTaskClass, g_type_class_unref)

G_GNUC_UNUSED static inline DagTask *
DAG_TASK (gpointer ptr)
{
  return G_TYPE_CHECK_INSTANCE_CAST (ptr, DAG_TYPE_TASK, DagTask);
}

G_GNUC_UNUSED static inline gboolean
DAG_IS_TASK (gpointer ptr)
{
  return G_TYPE_CHECK_INSTANCE_TYPE (ptr, DAG_TYPE_TASK);
}
#endif

/* Making tasks */

DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new                     (DagTaskFunc           function,
                                                    gpointer              function_data,
                                                    GDestroyNotify        function_data_destroy);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new_with_inputs         (DagTaskFunc           function,
                                                    gpointer              function_data,
                                                    GDestroyNotify        function_data_destroy,
                                                    DagTask * const      *inputs,
                                                    gsize                 n_inputs);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new_with_arguments      (DagTaskFunc           function,
                                                    gpointer              function_data,
                                                    GDestroyNotify        function_data_destroy,
                                                    const GValue         *arguments,
                                                    gsize                 n_arguments,
                                                    DagTask * const      *prerequisites,
                                                    gsize                 n_prerequisites);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new_for_function        (const DagFunction    *function,
                                                    const GValue         *arguments,
                                                    gsize                 n_arguments);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new_in_thread           (DagTaskFunc           function,
                                                    gpointer              function_data,
                                                    GDestroyNotify        function_data_destroy);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new_for_value           (const GValue         *value);

/* Building one in steps */

DAG_AVAILABLE_IN_1_0
void              dag_task_hold                    (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_release                 (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_function            (DagTask              *self,
                                                    DagTaskFunc           function,
                                                    gpointer              function_data,
                                                    GDestroyNotify        function_data_destroy);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument            (DagTask              *self,
                                                    const GValue         *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_boolean    (DagTask              *self,
                                                    gboolean              value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_int        (DagTask              *self,
                                                    int                   value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_uint       (DagTask              *self,
                                                    guint                 value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_int64      (DagTask              *self,
                                                    gint64                value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_uint64     (DagTask              *self,
                                                    guint64               value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_double     (DagTask              *self,
                                                    double                value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_string     (DagTask              *self,
                                                    const char           *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_object     (DagTask              *self,
                                                    gpointer              value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_weak_object (DagTask             *self,
                                                    gpointer              object);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_boxed      (DagTask              *self,
                                                    GType                 type,
                                                    gconstpointer         value);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_argument_variant    (DagTask              *self,
                                                    GVariant             *value);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_add_input               (DagTask              *self,
                                                    DagTask              *dependency,
                                                    DagRule               rule,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_add_raw_input           (DagTask              *self,
                                                    DagTask              *dependency,
                                                    DagRule               rule,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_add_prerequisite        (DagTask              *self,
                                                    DagTask              *dependency,
                                                    DagRule               rule,
                                                    GError              **error);

/* What a function gets */

DAG_AVAILABLE_IN_1_0
guint             dag_task_get_n_arguments         (DagTask              *self);
DAG_AVAILABLE_IN_1_0
const GValue     *dag_task_get_argument            (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_get_argument_boolean    (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
int               dag_task_get_argument_int        (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
guint             dag_task_get_argument_uint       (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
gint64            dag_task_get_argument_int64      (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
guint64           dag_task_get_argument_uint64     (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
double            dag_task_get_argument_double     (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
const char       *dag_task_get_argument_string     (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
int               dag_task_get_argument_enum       (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
guint             dag_task_get_argument_flags      (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
gpointer          dag_task_get_argument_object     (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
gpointer          dag_task_get_argument_boxed      (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
GVariant         *dag_task_get_argument_variant    (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
gpointer          dag_task_get_argument_pointer    (DagTask              *self,
                                                    guint                 index);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_get_argument_task       (DagTask              *self,
                                                    guint                 index);

/* How a function ends */

DAG_AVAILABLE_IN_1_0
void              dag_task_return                  (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_value            (DagTask              *self,
                                                    const GValue         *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_boolean          (DagTask              *self,
                                                    gboolean              value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_int              (DagTask              *self,
                                                    gssize                value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_uint             (DagTask              *self,
                                                    guint                 value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_int64            (DagTask              *self,
                                                    gint64                value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_uint64           (DagTask              *self,
                                                    guint64               value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_double           (DagTask              *self,
                                                    double                value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_string           (DagTask              *self,
                                                    const char           *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_take_string      (DagTask              *self,
                                                    char                 *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_strv             (DagTask              *self,
                                                    const char * const   *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_take_strv        (DagTask              *self,
                                                    char                **value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_enum             (DagTask              *self,
                                                    GType                 type,
                                                    int                   value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_flags            (DagTask              *self,
                                                    GType                 type,
                                                    guint                 value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_object           (DagTask              *self,
                                                    gpointer              value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_take_object      (DagTask              *self,
                                                    gpointer              value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_boxed            (DagTask              *self,
                                                    GType                 type,
                                                    gconstpointer         value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_take_boxed       (DagTask              *self,
                                                    GType                 type,
                                                    gpointer              value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_variant          (DagTask              *self,
                                                    GVariant             *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_take_variant     (DagTask              *self,
                                                    GVariant             *value);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_pointer          (DagTask              *self,
                                                    gpointer              value,
                                                    GDestroyNotify        value_destroy);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_error            (DagTask              *self,
                                                    GError               *error);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_error_copy       (DagTask              *self,
                                                    const GError         *error);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_new_error        (DagTask              *self,
                                                    GQuark                domain,
                                                    int                   code,
                                                    const char           *format,
                                                    ...) G_GNUC_PRINTF (4, 5);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_new_error_literal (DagTask             *self,
                                                    GQuark                domain,
                                                    int                   code,
                                                    const char           *message);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_prefixed_error   (DagTask              *self,
                                                    GError               *error,
                                                    const char           *format,
                                                    ...) G_GNUC_PRINTF (3, 4);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_return_error_if_cancelled (DagTask            *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_skip             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_return_task             (DagTask              *self,
                                                    DagTask              *other);

/* Where it stands */

DAG_AVAILABLE_IN_1_0
DagState          dag_task_get_state               (DagTask              *self);
DAG_AVAILABLE_IN_1_0
DagReason         dag_task_get_reason              (DagTask              *self);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_is_finished             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_get_settled             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_get_held                (DagTask              *self);
DAG_AVAILABLE_IN_1_0
const GValue     *dag_task_get_value               (DagTask              *self);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_get_value_owner         (DagTask              *self);
DAG_AVAILABLE_IN_1_0
const GError     *dag_task_get_error               (DagTask              *self);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_get_origin              (DagTask              *self);
DAG_AVAILABLE_IN_1_0
DagTask         **dag_task_get_failures            (DagTask              *self,
                                                    gsize                *n_failures);
DAG_AVAILABLE_IN_1_0
char             *dag_task_describe_failure        (DagTask              *self);

/* Properties */

DAG_AVAILABLE_IN_1_0
const char       *dag_task_get_name                (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_name                (DagTask              *self,
                                                    const char           *name);
DAG_AVAILABLE_IN_1_0
GMainContext     *dag_task_get_context             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
int               dag_task_get_priority            (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_priority            (DagTask              *self,
                                                    int                   priority);
DAG_AVAILABLE_IN_1_0
DagTrigger        dag_task_get_trigger             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_trigger             (DagTask              *self,
                                                    DagTrigger            trigger);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_get_check_cancellable   (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_check_cancellable   (DagTask              *self,
                                                    gboolean              check_cancellable);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_get_return_on_cancel    (DagTask              *self);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_set_return_on_cancel    (DagTask              *self,
                                                    gboolean              return_on_cancel);
DAG_AVAILABLE_IN_1_0
guint             dag_task_get_timeout             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_timeout             (DagTask              *self,
                                                    guint                 timeout);
DAG_AVAILABLE_IN_1_0
guint             dag_task_get_deadline            (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_deadline            (DagTask              *self,
                                                    guint                 deadline);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_is_late                 (DagTask              *self);
DAG_AVAILABLE_IN_1_0
DagRetry         *dag_task_get_retry               (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_retry               (DagTask              *self,
                                                    DagRetry             *retry);
DAG_AVAILABLE_IN_1_0
guint             dag_task_get_attempt             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
const GError     *dag_task_get_attempt_error       (DagTask              *self,
                                                    guint                 attempt);
DAG_AVAILABLE_IN_1_0
DagLimiter       *dag_task_get_limiter             (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_limiter             (DagTask              *self,
                                                    DagLimiter           *limiter);
DAG_AVAILABLE_IN_1_0
void              dag_task_add_limiter             (DagTask              *self,
                                                    DagLimiter           *limiter);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_creator             (DagTask              *self,
                                                    DagTask              *creator);
DAG_AVAILABLE_IN_1_0
DagWorker        *dag_task_get_worker              (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_worker              (DagTask              *self,
                                                    DagWorker            *worker);
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_at                      (DagTask              *self,
                                                    const char           *location);
DAG_AVAILABLE_IN_1_0
const char       *dag_task_get_location            (DagTask              *self);

/* Cancelling */

DAG_AVAILABLE_IN_1_0
void              dag_task_cancel                  (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_cancel_unneeded         (DagTask              *self);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_is_cancelled            (DagTask              *self);
DAG_AVAILABLE_IN_1_0
GCancellable     *dag_task_get_cancellable         (DagTask              *self);
DAG_AVAILABLE_IN_1_0
GCancellable     *dag_task_get_parent_cancellable  (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_parent_cancellable  (DagTask              *self,
                                                    GCancellable         *cancellable);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_owner               (DagTask              *self,
                                                    GObject              *owner,
                                                    const char           *signal_name);
DAG_AVAILABLE_IN_1_0
void              dag_clear_task                   (DagTask             **task_ptr);

/* Waiting */

DAG_AVAILABLE_IN_1_0
void              dag_task_await_async             (DagTask              *self,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
DAG_AVAILABLE_IN_1_0
const GValue     *dag_task_await_finish            (DagTask              *self,
                                                    GAsyncResult         *result,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
void              dag_task_settle_async            (DagTask              *self,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_settle_finish           (DagTask              *self,
                                                    GAsyncResult         *result,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
const GValue     *dag_task_wait                    (DagTask              *self,
                                                    GCancellable         *cancellable,
                                                    GError              **error);

/* In the place of a GTask */

/* For C alone: g-ir-scanner since 1.82 takes everything that has a GAsyncReadyCallback for the
 * first half of a pair, and misses the other.
 */
#ifndef __GI_SCANNER__
DAG_AVAILABLE_IN_1_0
DagTask          *dag_task_new_for_callback        (gpointer              source_object,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
DAG_AVAILABLE_IN_1_0
void              dag_task_report_error            (gpointer              source_object,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data,
                                                    gpointer              source_tag,
                                                    GError               *error);
DAG_AVAILABLE_IN_1_0
void              dag_task_report_new_error        (gpointer              source_object,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data,
                                                    gpointer              source_tag,
                                                    GQuark                domain,
                                                    int                   code,
                                                    const char           *format,
                                                    ...) G_GNUC_PRINTF (7, 8);
#endif

DAG_AVAILABLE_IN_1_0
gboolean          dag_task_is_valid                (gpointer              result,
                                                    gpointer              source_object);
DAG_AVAILABLE_IN_1_0
gpointer          dag_task_get_source_object       (DagTask              *self);
DAG_AVAILABLE_IN_1_0
gpointer          dag_task_get_source_tag          (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_source_tag          (DagTask              *self,
                                                    gpointer              source_tag);
DAG_AVAILABLE_IN_1_0
gpointer          dag_task_get_task_data           (DagTask              *self);
DAG_AVAILABLE_IN_1_0
void              dag_task_set_task_data           (DagTask              *self,
                                                    gpointer              task_data,
                                                    GDestroyNotify        task_data_destroy);
DAG_AVAILABLE_IN_1_0
void              dag_task_attach_source           (DagTask              *self,
                                                    GSource              *source,
                                                    GSourceFunc           callback);
DAG_AVAILABLE_IN_1_0
void              dag_task_run_in_thread           (DagTask              *self,
                                                    DagTaskThreadFunc     function);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_propagate_boolean       (DagTask              *self,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
gssize            dag_task_propagate_int           (DagTask              *self,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
gpointer          dag_task_propagate_pointer       (DagTask              *self,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_propagate_value         (DagTask              *self,
                                                    GValue               *value,
                                                    GError              **error);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_had_error               (DagTask              *self);
DAG_AVAILABLE_IN_1_0
gboolean          dag_task_get_completed           (DagTask              *self);

/* In C, a task remembers the line that made it. */
#ifndef __GI_SCANNER__
#define dag_task_new(...) \
  dag_task_at (dag_task_new (__VA_ARGS__), G_STRLOC)
#define dag_task_new_with_inputs(...) \
  dag_task_at (dag_task_new_with_inputs (__VA_ARGS__), G_STRLOC)
#define dag_task_new_with_arguments(...) \
  dag_task_at (dag_task_new_with_arguments (__VA_ARGS__), G_STRLOC)
#define dag_task_new_in_thread(...) \
  dag_task_at (dag_task_new_in_thread (__VA_ARGS__), G_STRLOC)
#define dag_task_new_for_function(...) \
  dag_task_at (dag_task_new_for_function (__VA_ARGS__), G_STRLOC)
#define dag_task_new_for_callback(...) \
  dag_task_at (dag_task_new_for_callback (__VA_ARGS__), G_STRLOC)
#endif

G_END_DECLS

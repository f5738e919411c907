/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The SHA-256 of every file below some folders, as sha256sum prints it, a bounded number at a time.
 *
 *   list DIR/ --- open_folder DIR/ --+-- hash DIR/a ------------------------------+
 *                                    +-- hash DIR/b ------------------------------+-- gather DIR/
 *                                    +-- list DIR/sub/ --- open_folder DIR/sub/ --+
 *                                                            ...
 *   hash DIR/a . . finished . . hash the file N_LANES further on . . finished . . and so on
 *
 * What is below a folder is only known when it was listed, so open_folder makes the tasks for it
 * and ends as the one that gathers their results. 100,000 files may be known and are not open at
 * once: what touches the disk goes into one of N_LANES lanes, where everybody waits until the one
 * before has finished. What cannot be read fails as a task and is told at the end; nothing else
 * stops for it.
 *
 *   digest [DIR...]       the same as  find DIR... -type f | LC_ALL=C sort | xargs sha256sum
 */

#include "example.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_LANES     32
#define BUFFER_SIZE (256 * 1024)
#define N_INFOS     256
#define ATTRIBUTES  G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE

/* A line of the manifest: the digest in hexadecimal, two spaces and the path. */
#define PATH_OFFSET (64 + 2)

static GPtrArray *unreadable; /* of char *: what happened */

/* Lanes */

static DagTask *
in_lane (DagTask *task)
{
  static DagTask *last[N_LANES];
  static guint n;
  DagTask **lane = &last[n++ % N_LANES];

  if (*lane != NULL)
    dag_depends_on (task, dag_finished (*lane));
  g_set_object (lane, task);
  return task;
}

/* One file */

typedef struct {
  DagTask      *task;
  GInputStream *stream;
  GChecksum    *checksum;
  guchar        buffer[BUFFER_SIZE];
} Reading;

static void read_more (Reading *self);
static void opened_cb (GObject *source, GAsyncResult *result, gpointer user_data);
static void read_cb   (GObject *source, GAsyncResult *result, gpointer user_data);

DAG_DEFINE_TASK (hash, (const char *, path))
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_file_read_async (file, G_PRIORITY_DEFAULT, dag_task_get_cancellable (task), opened_cb, task);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (hash, task, path);
  GError *error = NULL;
  GFileInputStream *stream = g_file_read_finish (G_FILE (source), result, &error);
  Reading *reading;

  if (stream == NULL)
    {
      dag_task_return_prefixed_error (task, error, "%s: ", path);
      return;
    }

  reading = g_new (Reading, 1);
  reading->task = task;
  reading->stream = G_INPUT_STREAM (stream);
  reading->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  read_more (reading);
}

static void
read_more (Reading *self)
{
  g_input_stream_read_all_async (self->stream, self->buffer, BUFFER_SIZE, G_PRIORITY_DEFAULT,
                                 dag_task_get_cancellable (self->task), read_cb, self);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reading *reading = user_data;
  DAG_ARGS (hash, reading->task, path);
  GError *error = NULL;
  gsize size;

  if (g_input_stream_read_all_finish (reading->stream, result, &size, &error))
    {
      g_checksum_update (reading->checksum, reading->buffer, (gssize) size);
      if (size == BUFFER_SIZE)
        {
          read_more (reading);
          return;
        }
      dag_task_return_take_string (reading->task,
                                   g_strconcat (g_checksum_get_string (reading->checksum),
                                                "  ", path, NULL));
    }
  else
    dag_task_return_prefixed_error (reading->task, error, "%s: ", path);

  g_checksum_free (reading->checksum);
  g_object_unref (reading->stream);
  g_free (reading);
}

/* One folder. A path that ends in a slash is a folder's. */

static void listing_cb (GObject *source, GAsyncResult *result, gpointer user_data);
static void listed_cb  (GObject *source, GAsyncResult *result, gpointer user_data);

DAG_DEFINE_TASK (list, (const char *, path))
{
  g_autoptr (GFile) folder = g_file_new_for_path (path);

  g_file_enumerate_children_async (folder, ATTRIBUTES, G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS,
                                   G_PRIORITY_DEFAULT, dag_task_get_cancellable (task),
                                   listing_cb, task);
}

static void
listing_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DagTask *task = user_data;
  DAG_ARGS (list, task, path);
  GError *error = NULL;
  g_autoptr (GFileEnumerator) enumerator = NULL;

  enumerator = g_file_enumerate_children_finish (G_FILE (source), result, &error);
  if (enumerator == NULL)
    {
      dag_task_return_prefixed_error (task, error, "%s: ", path);
      return;
    }

  dag_task_set_task_data (task, g_ptr_array_new_with_free_func (g_free),
                          (GDestroyNotify) g_ptr_array_unref);
  g_file_enumerator_next_files_async (enumerator, N_INFOS, G_PRIORITY_DEFAULT,
                                      dag_task_get_cancellable (task), listed_cb, task);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GFileEnumerator *enumerator = G_FILE_ENUMERATOR (source);
  DagTask *task = user_data;
  DAG_ARGS (list, task, path);
  GPtrArray *paths = dag_task_get_task_data (task);
  GError *error = NULL;
  g_autolist (GFileInfo) infos = g_file_enumerator_next_files_finish (enumerator, result, &error);

  if (error != NULL)
    {
      dag_task_return_prefixed_error (task, error, "%s: ", path);
      return;
    }
  if (infos == NULL)
    {
      dag_task_return_boxed (task, G_TYPE_PTR_ARRAY, paths);
      return;
    }

  for (GList *l = infos; l != NULL; l = l->next)
    {
      const char *name = g_file_info_get_name (l->data);
      GFileType type = g_file_info_get_file_type (l->data);

      if (type == G_FILE_TYPE_REGULAR || type == G_FILE_TYPE_DIRECTORY)
        g_ptr_array_add (paths, g_strconcat (path, name,
                                             type == G_FILE_TYPE_DIRECTORY ? "/" : "", NULL));
    }
  g_file_enumerator_next_files_async (enumerator, N_INFOS, G_PRIORITY_DEFAULT,
                                      dag_task_get_cancellable (task), listed_cb, task);
}

/* The lines of all parts, which are files and folders. */

static gpointer
share_line (gconstpointer line, gpointer user_data)
{
  return g_ref_string_acquire ((char *) line);
}

DAG_DEFINE_TASK (gather, (GPtrArray *, parts, DAG_RAW))
{
  GPtrArray *lines = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ref_string_release);

  for (guint i = 0; i < parts->len; i++)
    {
      DagTask *part = g_ptr_array_index (parts, i);
      const GError *error = dag_task_get_error (part);
      const GValue *value = dag_task_get_value (part);

      if (error != NULL)
        g_ptr_array_add (unreadable, g_strdup (error->message));
      else if (G_VALUE_HOLDS_STRING (value))
        g_ptr_array_add (lines, g_ref_string_new (g_value_get_string (value)));
      else
        g_ptr_array_extend (lines, g_value_get_boxed (value), share_line, NULL);
    }
  dag_task_return_take_boxed (task, G_TYPE_PTR_ARRAY, lines);
}

static DagTask *digest (const char *path);

DAG_DEFINE_TASK (open_folder, (GPtrArray *, paths, G_TYPE_PTR_ARRAY))
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();

  for (guint i = 0; i < paths->len; i++)
    g_ptr_array_add (parts, digest (g_ptr_array_index (paths, i)));
  dag_task_return_task (task, dag_call (gather, parts));
}

static DagTask *
digest (const char *path)
{
  if (g_str_has_suffix (path, "/"))
    return dag_call (open_folder, in_lane (dag_call (list, path)));
  return in_lane (dag_call (hash, path));
}

/* What was asked for, and what came out */

static DagTask *
digest_root (const char *root)
{
  g_autofree char *folder = NULL;
  GStatBuf info;

  if (g_lstat (root, &info) != 0)
    g_ptr_array_add (unreadable, g_strdup_printf ("%s: %s", root, g_strerror (errno)));
  else if (S_ISREG (info.st_mode))
    return digest (root);
  else if (S_ISDIR (info.st_mode))
    {
      folder = g_strconcat (root, g_str_has_suffix (root, "/") ? NULL : "/", NULL);
      return digest (folder);
    }
  return NULL;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char * const *) a + PATH_OFFSET, *(const char * const *) b + PATH_OFFSET);
}

static int
compare_messages (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char * const *) a, *(const char * const *) b);
}

/* sha256sum marks a line in which it had to write a character in another way. */
static void
print_line (const char *line)
{
  if (strpbrk (line, "\\\n\r") == NULL)
    {
      puts (line);
      return;
    }

  putchar ('\\');
  for (; *line != '\0'; line++)
    {
      if (*line == '\\')
        fputs ("\\\\", stdout);
      else if (*line == '\n')
        fputs ("\\n", stdout);
      else if (*line == '\r')
        fputs ("\\r", stdout);
      else
        putchar (*line);
    }
  putchar ('\n');
}

int
main (int argc, char **argv)
{
  static const char *here[] = { "." };
  const char * const *roots = argc > 1 ? (const char * const *) argv + 1 : here;
  int n_roots = argc > 1 ? argc - 1 : 1;
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();
  g_autoptr (DagTask) manifest = NULL;
  g_autoptr (GPtrArray) lines = NULL;
  const GValue *value;

  unreadable = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; i < n_roots; i++)
    {
      DagTask *part = digest_root (roots[i]);

      if (part != NULL)
        g_ptr_array_add (parts, part);
    }
  g_set_object (&manifest, dag_call (gather, parts));

  value = dag_task_wait (manifest, NULL, NULL);
  lines = g_ptr_array_copy (g_value_get_boxed (value), share_line, NULL);
  g_ptr_array_sort (lines, compare_paths);
  g_ptr_array_foreach (lines, (GFunc) print_line, NULL);

  g_ptr_array_sort (unreadable, compare_messages);
  for (guint i = 0; i < unreadable->len; i++)
    fprintf (stderr, "digest: %s\n", (char *) g_ptr_array_index (unreadable, i));

  if (fflush (stdout) != 0 || ferror (stdout))
    {
      perror ("digest");
      return EXIT_FAILURE;
    }
  return unreadable->len == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

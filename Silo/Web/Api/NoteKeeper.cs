using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Listing;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The outcome of writing notes.</summary>
/// <param name="Notes">The notes as they are now.</param>
/// <param name="Problem">Why they were refused; empty otherwise.</param>
/// <param name="Status">The HTTP status.</param>
internal sealed record NotesOutcome(RunNotes Notes, string Problem = "", int Status = StatusCodes.Status200OK);

/// <summary>Reads and writes what users note about runs.</summary>
/// <param name="feeds">Knows the runs' directories.</param>
/// <param name="index">Lists the notes.</param>
internal sealed class NoteKeeper(RunFeeds feeds, RunIndex index)
{
    /// <summary>The notes of a run.</summary>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    public RunNotes Read(string id) => RunInfo.NotesOf(DirectoryOf(id));

    /// <summary>Writes notes.</summary>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    public NotesOutcome Write(string id, NotesRequest request)
    {
        var run = DirectoryOf(id);
        try
        {
            var now = RunNotes.Read(run);
            var asked = now with
            {
                Tags = request.Tags is { } tags ? [.. tags.Distinct()] : now.Tags,
                Text = request.Text?.ReplaceLineEndings("\n").TrimEnd() ?? now.Text,
                Revision = request.Revision ?? now.Revision,
            };
            if (asked.Problem() is { } problem)
                return new(now, problem, StatusCodes.Status400BadRequest);
            bool isWritten = RunNotesFile.TryWrite(run, asked, out now);
            index.Forget();
            return isWritten ? new(now)
                : new(now, $"found revision {asked.Revision}, expected {now.Revision}: somebody else has written meanwhile; "
                    + "reload the page and write again", StatusCodes.Status409Conflict);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return new(RunNotes.None, $"{run.Notes}: {Text.OneLine(exception.Message)}", StatusCodes.Status500InternalServerError);
        }
    }

    private RunDirectory DirectoryOf(string id) =>
        feeds.DirectoryOf(id) is var run && (File.Exists(run.Status) || File.Exists(run.Spec)) ? run : throw new RunNotFoundException(id);
}

using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>Answers the calls of the console that started this silo: passes them on to the grains, on whichever silo they live.</summary>
/// <param name="grains">The grains.</param>
/// <param name="output">Where replies go.</param>
internal sealed class ParentCalls(IGrainFactory grains, TextWriter output)
{
    private readonly Lock _writing = new();

    /// <summary>Takes a line of standard input; what is no call is ignored. Returns at once: the reply comes later.</summary>
    public void Take(string line)
    {
        if (LocalCall.Parse(line) is { } call)
            _ = Task.Run(() => AnswerAsync(call));
    }

    private async Task AnswerAsync(LocalCall call)
    {
        string reply = (await ReplyAsync(call) with { ReplyTo = call.Id }).ToString();
        try
        {
            lock (_writing)
            {
                output.WriteLine(reply);
                output.Flush();
            }
        }
        catch (IOException)
        {
            // The console has gone: nobody waits for the reply.
        }
    }

    private async Task<LocalReply> ReplyAsync(LocalCall call)
    {
        try
        {
            return call.Question switch
            {
                LocalQuestion.Describe => Reply(await Catalog.Describe()),
                LocalQuestion.Submit => Reply(await Catalog.Submit(Request(call))),
                LocalQuestion.Fork => Reply(await Catalog.Fork(Fork(call))),
                LocalQuestion.ReadEvents => Reply(await Coordinator(call).ReadEvents(call.After, call.Limit)),
                LocalQuestion.GetStatus => new() { ReplyTo = 0, Status = RunJson.Write(await Coordinator(call).GetStatus()) },
                LocalQuestion.Stop => await StopAsync(call),
                LocalQuestion.Resume => Reply(await Coordinator(call).ResumeRun(Resumption(call))),
                _ => new() { ReplyTo = 0, Error = $"found question {call.Question}, expected one that this silo knows" },
            };
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new() { ReplyTo = 0, Error = exception.Message, RunNotFound = exception is RunNotFoundException };
        }
    }

    private ICatalogGrain Catalog => grains.GetGrain<ICatalogGrain>(0);

    private ICoordinatorGrain Coordinator(LocalCall call) => grains.GetGrain<ICoordinatorGrain>(call.Run ?? "");

    private async Task<LocalReply> StopAsync(LocalCall call)
    {
        await Coordinator(call).StopRun(call.Reason ?? "");
        return new() { ReplyTo = 0 };
    }

    private static SubmitRequest Request(LocalCall call) => new(
        RunId.Parse(call.Run ?? ""),
        call.Spec is { } spec ? new SpecText(spec.Text, spec.FileName, spec.Directory) { Sets = spec.Sets ?? [] } : new("", "", ""),
        0, call.Protocol);

    private static ForkRequest Fork(LocalCall call) => new(
        RunId.Parse(call.Run ?? ""), RunId.Parse(call.Fork?.Parent ?? ""), call.Fork?.Step ?? 0, call.Fork?.Sets ?? [], 0, call.Protocol);

    private static ResumeRequest Resumption(LocalCall call) =>
        new(call.Resumption?.Trainers, call.Resumption?.FromStart ?? false, call.Protocol, call.Resumption?.Sets);

    private static LocalReply Reply(ControlReply reply) =>
        new() { ReplyTo = 0, Problem = reply.Problem, Status = RunJson.Write(reply.Status) };

    private static LocalReply Reply(ClusterReport cluster) =>
        new() { ReplyTo = 0, Version = new(cluster.ClusterId, cluster.Version, cluster.Protocol) };

    private static LocalReply Reply(SubmitReply reply) => new()
    {
        ReplyTo = 0,
        Problems = [.. reply.Problems.Select(one => new LocalProblem(one.Key, one.Found, one.Expected, one.Remedy, one.Location))],
        Directory = reply.Directory,
        Reattached = reply.Reattached,
    };

    private static LocalReply Reply(EventPage page) => new() { ReplyTo = 0, Lines = page.Lines, Last = page.Last, IsEnd = page.IsEnd };
}

using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Transport.Messages;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>A silo's end of a channel: takes parameters, has the trainers here work, and sends what they give.</summary>
internal sealed class StepServer(RunExchanges exchanges, ChannelCodec codec)
{
    /// <summary>Serves a channel until its other end closes it, on the caller's thread: trainers that are bound to no thread of their own work on it, too.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="InvalidDataException">The other end does not keep to the protocol.</exception>
    public void Serve(RunId run, FrameStream frames)
    {
        frames.Traffic = codec.Traffic;
        var parameters = new ReceivedParameters();
        var room = new SumRoom();
        while (frames.TryRead(out var header))
        {
            if (header.Kind == FrameKind.Parameters)
                parameters.Read(header, frames);
            else if (header.Kind == FrameKind.Request)
                Answer(run, codec.Requests.Deserialize(frames.ReadBytes(header)), parameters, room, frames);
            else
                throw new InvalidDataException($"found {header}, expected parameters or a request");
        }
    }

    private void Answer(RunId run, ChannelRequest? request, ReceivedParameters parameters, SumRoom room, FrameStream frames)
    {
        if (request?.Order.Run != run)
            throw new InvalidDataException($"found a request of {request?.Order.Run.Text ?? "nothing"}, expected one of {run}");
        using var span = CarriedTrace.Resume(request.Trace);
        var exchange = exchanges.Of(run);
        var (ticket, evaluation) = (request.Training, request.Evaluation);
        var (reply, step) = ticket is not null ? exchange.TrainChunkHere(request.Order, ticket, parameters, room)
            : evaluation is not null ? exchange.EvaluateChunkHere(request.Order, evaluation, request.Step, parameters)
            : throw new InvalidDataException("found a request without a ticket");
        frames.Write(FrameKind.Reply, content => codec.Replies.Serialize(reply, content));
        if (step?.Gradients is [{ Length: var length } gradient, ..] && Buckets.AreUsedFor(length))
            Send(step, length, room, frames);
        if (ticket is not null)
            exchange.Prefetch(request.Order, ticket);
    }

    private static void Send(ExchangedStep step, int length, SumRoom room, FrameStream frames)
    {
        for (int bucket = 0; bucket < Buckets.Count(length); bucket++)
        {
            foreach (var (node, sum) in step.Sums(bucket, room).Index())
                frames.Write(new FrameHeader(FrameKind.Sum, FrameStream.BytesOf(sum.Length, sum.IsNarrow), bucket, node, length), sum.Span);
        }
    }
}

using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>A silo's end of a connection: takes parameters and requests, has the trainers here work, and sends what they give.</summary>
internal sealed class TcpServer(SiloTrainers trainers, TcpCodec codec)
{
    /// <summary>
    /// Serves a connection until its other end closes it, on the caller's thread: a trainer that is bound to no thread works on it, too.
    /// </summary>
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
            {
                parameters.Read(header, frames);
                continue;
            }

            var request = Request(run, header, frames);
            var asked = trainers.Of(run);
            using var span = CarriedTrace.Resume(request.Trace);
            var answers = asked.Ask(request, parameters.For(request.Work), Scheduling.Inline).GetAwaiter().GetResult();
            frames.Connection.Write(frames.Encode(FrameKind.Reply, codec.Replies, answers?.Reply(room) ?? asked.Refuse(request)));
            SendSums(answers, room, frames);
            asked.ReadAhead(request);
        }
    }

    private ChunkRequest Request(RunId run, FrameHeader header, FrameStream frames)
    {
        if (header.Kind != FrameKind.Request)
            throw new InvalidDataException($"found {header}, expected parameters or a request");
        var request = codec.Requests.Deserialize(frames.ReadBytes(header));
        return request?.Order.Run == run ? request
            : throw new InvalidDataException($"found a request of {request?.Order.Run.Text ?? "nothing"}, expected one of {run}");
    }

    /// <summary>A large model's sums follow their reply, in order; a small one's are in it.</summary>
    private static void SendSums(ChunkAnswers? answers, SumRoom room, FrameStream frames)
    {
        if (answers?.Gradients is not [{ Length: var length }, ..] || !Buckets.AreUsedFor(length))
            return;
        for (int bucket = 0; bucket < Buckets.Count(length); bucket++)
        {
            foreach (var (node, sum) in answers.Sums(bucket, room).Index())
                frames.Write(new FrameHeader(FrameKind.Sum, FrameStream.BytesOf(sum.Length, sum.IsNarrow), bucket, node, length), sum.Span);
        }
    }
}

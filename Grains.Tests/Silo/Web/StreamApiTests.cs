using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>Two silo processes that serve a model, and what 'tbptt predict' forecasts with it from all rows in one file.</summary>
public sealed class ServingProcesses : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();

    internal WebSilos Silos { get; private set; } = null!;

    /// <summary>The numbers as the file has them.</summary>
    internal IReadOnlyList<string> Expected { get; private set; } = [];

    /// <summary>Rows whose promotions are known before they come, and what is forecast from them.</summary>
    internal static string Promotions { get; } = "sales,promotion\n" + string.Concat(Enumerable.Range(0, 40).Select(
        i => string.Create(CultureInfo.InvariantCulture, $"{100 + (i * 7 % 13)},{i * i % 3}\n")));

    internal IReadOnlyList<string> ExpectedOfPromotions { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        string shops = TrainedModels.Of(_directory, TrainedModels.OneSeries, model: "cell: lstm, hiddenSize: 16")
            .Save(_directory.File("package"));
        string known = TrainedModels.Of(_directory, Promotions, "known: [promotion],", inputs: "[sales, promotion]")
            .Save(_directory.File("known"));
        Expected = await PredictAsync(shops, TrainedModels.OneSeries);
        ExpectedOfPromotions = await PredictAsync(known, Promotions);
        Silos = await WebSilos.StartAsync(2, null, "--model", $"shops={shops}", "--model", $"known={known}");
    }

    private async Task<IReadOnlyList<string>> PredictAsync(string package, string text)
    {
        File.WriteAllText(_directory.File("rows.csv"), text);
        using var console = new ScriptedConsole();
        Assert.Equal(0, await console.RunAsync("predict", package, "--input", _directory.File("rows.csv")));
        return [.. console.Output.TrimEnd().Split('\n').Skip(1).Select(line => line.Split(',')[1])];
    }

    public async ValueTask DisposeAsync()
    {
        await Silos.DisposeAsync();
        _directory.Dispose();
    }
}

/// <summary>Over the real server: streams of a model, also when their silo is killed.</summary>
[Slow]
public sealed class StreamApiTests(ServingProcesses serving) : IClassFixture<ServingProcesses>
{
    private const string Streams = "/api/models/shops/streams";

    private static readonly string[] Sales = [.. TrainedModels.OneSeries.TrimEnd().Split('\n').Skip(1)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_IsAnswered_ListedAndForgotten()
    {
        using var client = serving.Silos.Client(1);
        using var first = await PostAsync(client, "one", 1, 3);
        string answer = await first.Content.ReadAsStringAsync(Cancellation);
        string forecasts = string.Join(',', serving.Expected.Take(3).Select(number => $"[{number}]"));
        Assert.Equal($$"""{"first":1,"forecasts":[{{forecasts}}]}""", answer);
        using var further = await PostAsync(client, "one", 4, 1);
        using var again = await PostAsync(client, "one", 1, 3);
        Assert.Equal(answer, await again.Content.ReadAsStringAsync(Cancellation));

        using var gap = await PostAsync(client, "one", 6, 1);
        var problem = (await gap.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal((HttpStatusCode.Conflict, 5), (gap.StatusCode, (int)problem["next"]!));
        Assert.StartsWith("first: found 6, expected 5,", (string)problem["detail"]!, StringComparison.Ordinal);
        using var wrong = await SendAsync(client, HttpMethod.Post, $"{Streams}/one", """{"first": 5, "rows": [{"sales": "x"}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("rows[0].sales: found the text 'x', expected a number", await wrong.Content.ReadAsStringAsync(Cancellation),
            StringComparison.Ordinal);
        using var unknown = await SendAsync(client, HttpMethod.Post, "/api/models/none/streams/one", """{"first": 1, "rows": [[1]]}""");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var foreign = await client.PostAsync($"{Streams}/one", new StringContent("{}"), Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);

        var stream = (await client.GetFromJsonAsync<JsonNode>($"{Streams}/one", Cancellation))!;
        Assert.Equal((4, 5, 2 * 16), ((int)stream["last"]!, (int)stream["next"]!, stream["hidden"]!.AsArray().Count));
        var all = (await client.GetFromJsonAsync<JsonNode>($"{Streams}?limit=100", Cancellation))!;
        Assert.Equal(["sales"], all["numbers"]!.AsArray().Select(name => (string)name!));
        var listed = all["streams"]!.AsArray().Single(one => (string)one!["stream"]! == "one")!;
        Assert.Equal((4, "silo-2"), ((int)listed["last"]!, (string)listed["silo"]!));
        Assert.Equal(TimeSpan.FromDays(30), (DateTimeOffset)listed["expiresAt"]! - (DateTimeOffset)listed["takenAt"]!);
        var some = (await client.GetFromJsonAsync<JsonNode>($"{Streams}?q=ON&limit=1", Cancellation))!;
        Assert.Equal((1, "one"), ((int)some["found"]!, (string)some["streams"]!.AsArray().Single()!["stream"]!));

        using var forgotten = await SendAsync(client, HttpMethod.Delete, $"{Streams}/one", null);
        Assert.Equal(HttpStatusCode.NoContent, forgotten.StatusCode);
        using var gone = await client.GetAsync($"{Streams}/one", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        var document = (await client.GetFromJsonAsync<JsonNode>("/api/openapi.json", Cancellation))!;
        Assert.NotNull(document["paths"]!["/api/models/{name}/streams/{stream}"]!["post"]);
    }

    /// <summary>What is known of the row that is forecast comes with the row that it is forecast from.</summary>
    [Fact]
    public async Task KnownColumns_AreSentAhead()
    {
        const string Known = "/api/models/known/streams";
        using var client = serving.Silos.Client(1);
        string[][] rows = [.. ServingProcesses.Promotions.TrimEnd().Split('\n').Skip(1).Select(line => line.Split(','))];
        Assert.Equal(rows.Length - 1, serving.ExpectedOfPromotions.Count);
        var all = (await client.GetFromJsonAsync<JsonNode>(Known, Cancellation))!;
        Assert.Equal(["sales", "promotion +1"], all["numbers"]!.AsArray().Select(name => (string)name!));
        for (int row = 1; row < rows.Length; row += 13)
        {
            var some = Enumerable.Range(row, 13).Select(one => $$"""{"sales": {{rows[one - 1][0]}}, "promotion +1": {{rows[one][1]}}}""");
            using var answer = await SendAsync(
                client, HttpMethod.Post, $"{Known}/ahead", $$"""{"first": {{row}}, "rows": [{{string.Join(',', some)}}]}""");
            string forecasts = string.Join(',', serving.ExpectedOfPromotions.Skip(row - 1).Take(13).Select(number => $"[{number}]"));
            Assert.Equal(
                $$"""{"first":{{row}},"forecasts":[{{forecasts}}]}""", await answer.Content.ReadAsStringAsync(Cancellation));
        }

        using var late = await SendAsync(
            client, HttpMethod.Post, $"{Known}/ahead", $$"""{"first": {{rows.Length}}, "rows": [{"sales": 1, "promotion": 1}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, late.StatusCode);
        Assert.Contains("promotion +1", await late.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Socket_AnswersEachMessage_AndEventsFollowTheStream()
    {
        using var client = serving.Silos.Client(1);
        using var socket = new ClientWebSocket();
        var address = new UriBuilder(new Uri(client.BaseAddress!, $"{Streams}/socket/socket")) { Scheme = "ws" }.Uri;
        await socket.ConnectAsync(address, Cancellation);
        for (int row = 1; row <= 3; row++)
            Assert.Equal($"{{\"first\":{row},\"forecasts\":[[{serving.Expected[row - 1]}]]}}", await AskAsync(socket, Body(row, 1)));
        Assert.StartsWith("{\"status\":409,\"detail\":\"first: found 9, expected 4,", await AskAsync(socket, Body(9, 1)),
            StringComparison.Ordinal);
        Assert.StartsWith("{\"status\":400,", await AskAsync(socket, "{"), StringComparison.Ordinal);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Streams}/socket/events") { Headers = { { "Last-Event-ID", "1" } } };
        using var events = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var stream = await events.Content.ReadAsStreamAsync(Cancellation);
        var found = SseParser.Create(stream).EnumerateAsync(Cancellation).Take(3).ToListAsync(Cancellation);
        await AskAsync(socket, Body(4, 1));
        Assert.Equal(
            Enumerable.Range(2, 3).Select(row => ($"{row}", $"{{\"first\":{row},\"forecasts\":[[{serving.Expected[row - 1]}]]}}")),
            (await found).Select(one => (one.EventId!, one.Data)));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);

        using var foreign = new ClientWebSocket();
        foreign.Options.SetRequestHeader("Origin", "http://example.org");
        await Assert.ThrowsAsync<WebSocketException>(() => foreign.ConnectAsync(address, Cancellation));
    }

    /// <summary>Every row that was answered is there, every answer is what 'tbptt predict' writes, and no row is taken twice.</summary>
    [Fact]
    public async Task KilledSilo_LosesNoAnsweredRow()
    {
        const int Count = 8, KillAfter = 90;
        int answered = 0;
        var streams = Enumerable.Range(0, Count).Select(stream => Task.Run(async () =>
        {
            using var first = serving.Silos.Client(0);
            using var second = serving.Silos.Client(1);
            for (int row = 1; row <= Sales.Length; row++)
            {
                while (await TryAsync(serving.Silos.Silos[0].IsAlive ? first : second, $"kill-{stream}", row) is var answer
                    && answer != $"{{\"first\":{row},\"forecasts\":[[{serving.Expected[row - 1]}]]}}")
                    Assert.True(answer is null, $"row {row} of stream {stream}: {answer}");
                if (Interlocked.Increment(ref answered) == KillAfter)
                    serving.Silos.Silos[0].Kill();
            }
        }, Cancellation));
        await Task.WhenAll(streams);

        using var client = serving.Silos.Client(1);
        for (int stream = 0; stream < Count; stream++)
        {
            var found = (await client.GetFromJsonAsync<JsonNode>($"{Streams}/kill-{stream}", Cancellation))!;
            Assert.Equal((Sales.Length, "silo-2"), ((int)found["last"]!, (string)found["silo"]!));
        }
    }

    /// <summary>The answer; null where the silo is gone, or does not answer yet for one that is.</summary>
    private static async Task<string?> TryAsync(HttpClient client, string stream, int row)
    {
        try
        {
            using var answer = await PostAsync(client, stream, row, 1);
            string text = await answer.Content.ReadAsStringAsync(Cancellation);
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable ? null : text;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            // HttpClient of .NET 10 gives a SocketException as it is where a connection ends between its start and its first use.
            return null;
        }
    }

    private static async Task<string> AskAsync(ClientWebSocket socket, string message)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, Cancellation);
        byte[] answer = new byte[1 << 12];
        var received = await socket.ReceiveAsync(answer.AsMemory(), Cancellation);
        Assert.True(received.EndOfMessage);
        return Encoding.UTF8.GetString(answer, 0, received.Count);
    }

    private static string Body(int first, int count) => string.Create(CultureInfo.InvariantCulture,
        $"{{\"first\": {first}, \"rows\": [{string.Join(',', Sales.Skip(first - 1).Take(count).Select(cell => $"[{cell}]"))}]}}");

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string stream, int first, int count) =>
        SendAsync(client, HttpMethod.Post, $"{Streams}/{stream}", Body(first, count));

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { { "X-Tbptt", "1" } } };
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await client.SendAsync(request, Cancellation);
    }
}

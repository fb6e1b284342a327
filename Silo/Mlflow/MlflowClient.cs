using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Silo.Mlflow;

/// <summary>The calls of MLflow's REST API 2.0 that a run needs, as its documentation describes them.</summary>
/// <param name="http">Sends requests; its base address is the server's, with a slash at the end.</param>
internal sealed class MlflowClient(HttpClient http)
{
    /// <summary>
    /// Metrics of a call of <c>runs/log-batch</c>, at most, next to a tag: all that it has are 1,000. Parameters have a hundred.
    /// </summary>
    public const int MostMetrics = 999;

    /// <inheritdoc cref="MostMetrics"/>
    public const int MostParameters = 100;

    /// <summary>Characters of a parameter's value, at most.</summary>
    public const int MostCharacters = 6_000;

    /// <summary>Bytes of the parameters of a call, at most: a call has a million with all that stands around them.</summary>
    public const int MostBytes = 400_000;

    /// <summary>The code of a call that the server will never take as it is.</summary>
    public const string Invalid = "INVALID_PARAMETER_VALUE";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // A letter is as many bytes as in UTF-8: a call has a size at most.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A client of a server.</summary>
    public static MlflowClient Of(Uri server, string? token)
    {
        var http = new HttpClient { BaseAddress = new($"{server.AbsoluteUri.TrimEnd('/')}/"), Timeout = TimeSpan.FromSeconds(10) };
        if (token is not null)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new(http);
    }

    /// <summary>The ID of the experiment of this name, which is created if need be.</summary>
    /// <exception cref="MlflowException">The server refused the call.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<string> ExperimentAsync(string name, CancellationToken cancellation)
    {
        if (await FindExperimentAsync(name, cancellation) is { } found)
            return found;
        try
        {
            return (await PostAsync<CreatedExperiment>("experiments/create", new { name }, cancellation)).ExperimentId;
        }
        catch (MlflowException exception) when (exception.Code == "RESOURCE_ALREADY_EXISTS")
        {
            // Another silo was faster; or the experiment was deleted, and then the next report says the same.
            if (await FindExperimentAsync(name, cancellation) is { } created)
                return created;
            throw;
        }
    }

    /// <summary>The newest run with a tag; null where there is none.</summary>
    public async Task<MlflowRun?> FindRunAsync(string experiment, string tag, string value, CancellationToken cancellation)
    {
        var body = new { experiment_ids = new[] { experiment }, filter = $"tags.`{tag}` = '{value}'", max_results = 1 };
        return (await PostAsync<FoundRuns>("runs/search", body, cancellation)).Runs is [var run, ..] ? run : null;
    }

    /// <summary>Creates a run.</summary>
    public async Task<MlflowRun> CreateRunAsync(
        string experiment, string name, DateTimeOffset? start, IReadOnlyList<MlflowTag> tags, CancellationToken cancellation)
    {
        var body = new { experiment_id = experiment, run_name = name, start_time = start?.ToUnixTimeMilliseconds(), tags };
        return (await PostAsync<CreatedRun>("runs/create", body, cancellation)).Run;
    }

    /// <summary>Adds metrics, parameters and tags to a run in one call: the server takes all of them or none.</summary>
    public Task LogAsync(
        string run, IReadOnlyList<MlflowMetric> metrics, IReadOnlyList<MlflowTag> parameters, IReadOnlyList<MlflowTag> tags,
        CancellationToken cancellation) =>
        PostAsync<JsonElement>("runs/log-batch", new { run_id = run, metrics, @params = parameters, tags }, cancellation);

    /// <summary>Sets the state of a run: <c>RUNNING</c>, <c>FINISHED</c>, <c>FAILED</c> or <c>KILLED</c>.</summary>
    public Task UpdateAsync(string run, string status, DateTimeOffset? end, CancellationToken cancellation) =>
        PostAsync<JsonElement>("runs/update", new { run_id = run, status, end_time = end?.ToUnixTimeMilliseconds() }, cancellation);

    private async Task<string?> FindExperimentAsync(string name, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync(
                new Uri($"api/2.0/mlflow/experiments/get-by-name?experiment_name={Uri.EscapeDataString(name)}", UriKind.Relative),
                cancellation);
            return (await ReadAsync<FoundExperiment>(answer, cancellation)).Experiment.ExperimentId;
        }
        catch (MlflowException exception) when (exception.Code == "RESOURCE_DOES_NOT_EXIST")
        {
            return null;
        }
    }

    private async Task<T> PostAsync<T>(string call, object body, CancellationToken cancellation)
    {
        using var answer = await http.PostAsJsonAsync(new Uri($"api/2.0/mlflow/{call}", UriKind.Relative), body, Json, cancellation);
        return await ReadAsync<T>(answer, cancellation);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellation)
    {
        string text = await answer.Content.ReadAsStringAsync(cancellation);
        try
        {
            if (answer.IsSuccessStatusCode)
                return JsonSerializer.Deserialize<T>(text, Json) ?? throw new MlflowException(answer.StatusCode, "", "an empty answer");
            var error = JsonSerializer.Deserialize<Refusal>(text, Json);
            throw new MlflowException(answer.StatusCode, error?.ErrorCode ?? "", error?.Message ?? "");
        }
        catch (JsonException)
        {
            throw new MlflowException(answer.StatusCode, "", "an answer that is not MLflow's");
        }
    }

    private sealed record Refusal(string? ErrorCode, string? Message);

    private sealed record CreatedExperiment(string ExperimentId);

    private sealed record FoundExperiment(CreatedExperiment Experiment);

    private sealed record FoundRuns(IReadOnlyList<MlflowRun>? Runs);

    private sealed record CreatedRun(MlflowRun Run);
}

/// <summary>A run as the server has it.</summary>
internal sealed record MlflowRun(MlflowRunInfo Info, MlflowRunData? Data)
{
    /// <summary>The value of a tag; null where there is none.</summary>
    public string? Tag(string key) => Data?.Tags?.FirstOrDefault(tag => tag.Key == key)?.Value;
}

/// <summary>What identifies a run.</summary>
internal sealed record MlflowRunInfo(string RunId);

/// <summary>What a run has.</summary>
internal sealed record MlflowRunData(IReadOnlyList<MlflowTag>? Tags);

/// <summary>A tag, or a parameter.</summary>
internal sealed record MlflowTag(string Key, string Value);

/// <summary>A metric at a step.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Its value, finite.</param>
/// <param name="Timestamp">Milliseconds since 1970.</param>
/// <param name="Step">The step.</param>
internal sealed record MlflowMetric(string Key, double Value, long Timestamp, long Step);

/// <summary>A call that the server refused.</summary>
internal sealed class MlflowException(HttpStatusCode status, string code, string message)
    : Exception($"{(int)status}{(code.Length > 0 ? $" {code}" : "")}{(message.Length > 0 ? $": {message}" : "")}")
{
    /// <summary>MLflow's code of the error; empty where it has sent none.</summary>
    public string Code => code;
}

using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>The page of all model packages of the run store.</summary>
internal static class ModelsPage
{
    /// <summary>Characters of a name of a column, or of a figure, in a row; the model's page has all.</summary>
    private const int Room = 40;

    private const int HashDigits = 12;

    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Model</th><th scope="col">Network</th><th scope="col" class="wide">Forecasts</th><th scope="col">Validation loss</th><th scope="col" class="wide">Errors</th><th scope="col" class="wide">Weights, SHA-256</th><th scope="col" class="wide">Size</th><th scope="col" class="wide">Written</th>
        """);

    /// <summary>The page.</summary>
    /// <param name="models">All models, newest first.</param>
    public static HtmlPage Of(IReadOnlyList<ModelEntry> models) => new("Models", Html.Of($"""
        <h1>Models</h1>
        {Words.Live("models", List(models))}
        """))
    {
        Place = "/models",
    };

    /// <summary>A network in words: <c>LSTM, 2 layers of 64 units</c>.</summary>
    public static string Network(ModelConfig config) =>
        $"{config.Cell.ToUpperInvariant()}, {Text.Plural(config.Layers, "layer")} of {Text.Plural(config.HiddenSize, "unit")}";

    /// <summary>A hash, shortened; all of it is in its title.</summary>
    public static IHtmlContent Hash(string hash) => Html.Of($"""<code title="{hash}">{Text.Fit(hash, HashDigits)}</code>""");

    private static IHtmlContent List(IReadOnlyList<ModelEntry> models)
    {
        var damaged = models.Where(model => model.Problem.Length > 0).ToList();
        return Html.Of($"""
            {Html.If(damaged.Count > 0, () => $"""<div class="note warn" role="alert">{Html.Each(damaged, model => $"<p>{model.Problem}</p>")}</div>""")}
            {(models.Count == 0 ? Html.Of($"""<p class="card">No model has been trained yet. A run that completes leaves one; <code>tbptt train SPEC</code> trains one.</p>""") : Table(models))}
            """);
    }

    private static IHtmlContent Table(IReadOnlyList<ModelEntry> models)
    {
        string caption = Text.Plural(models.Count, "model");
        return Html.Of($"""
            <section class="card"><p class="dim" data-count>{caption}, newest first</p>
            {Words.Table(caption, Head, Html.Each(models, Row))}</section>
            """);
    }

    private static FormattableString Row(ModelEntry model) => model.Config is not { } config
        ? (FormattableString)$"""
        <tr><th scope="row" class="id"><a href="/models/{model.Name}">{model.Name}</a></th><td><span class="badge failed">damaged</span></td><td class="wide">–</td><td>–</td><td class="wide">–</td><td class="wide">–</td><td class="wide figure">{Size(model.Bytes)}</td><td class="wide">{Words.Time(model.Written)}</td></tr>

        """
        : $"""
        <tr><th scope="row" class="id"><a href="/models/{model.Name}">{model.Name}</a></th><td>{Network(config)}</td><td class="wide">{Forecasts(config)}</td><td class="figure">{Words.Figure(config.ValidationLoss)}</td><td class="wide">{Errors(config)}</td><td class="wide">{Hash(config.Hashes.Weights)}</td><td class="wide figure">{Size(model.Bytes)}</td><td class="wide">{Words.Time(model.Written)}</td></tr>

        """;

    /// <summary>A size: <c>17.4 KiB</c>.</summary>
    public static string Size(long bytes) => new Charts.ChartAxis("", Charts.AxisKind.Bytes).Label(bytes);

    private static string Forecasts(ModelConfig config) =>
        config.Targets.Count == 0 ? config.Tokens.Count > 0 ? "tokens" : "–" : Text.Fit(string.Join(", ", config.Targets), Room);

    /// <summary>The first errors over all series.</summary>
    private static string Errors(ModelConfig config) => string.Join(", ", config.Metrics
        .Where(metric => metric.Series is null && metric.Kind is not Orleans.Tbptt.Runs.MetricKind.Training).Take(2).Select(Text.Figure))
        is { Length: > 0 } errors ? errors : "–";
}

using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Silo.Web.Pages.Run;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>What the page of a model shows.</summary>
/// <param name="Model">The model, with all of its configuration.</param>
/// <param name="Inputs">What it takes.</param>
/// <param name="Plot">The plot of its forecasts.</param>
/// <param name="Streams">Its streams.</param>
/// <param name="Card">The text of its card; null where there is none.</param>
internal sealed record ModelView(ModelEntry Model, ModelInputs Inputs, ForecastPlot Plot, ModelStreams Streams, string? Card)
{
    /// <summary>The page's address.</summary>
    public required Link Page { get; init; }

    /// <summary>What was tried; null for nothing.</summary>
    public Trial? Trial { get; init; }
}

/// <summary>The page of a model.</summary>
internal static class ModelPage
{
    /// <summary>The page.</summary>
    /// <param name="view">What it shows.</param>
    /// <param name="token">Seals the form.</param>
    public static HtmlPage Of(ModelView view, WebToken token)
    {
        var model = view.Model;
        var config = model.Config;
        return new(model.Name, Html.Of($"""
            <div class="title"><div><p class="crumb"><a href="/models">Models</a></p><h1>{model.Name}</h1></div>
            <div class="actions"><a class="button" href="/runs/{model.Name}">Run</a></div></div>
            {Html.If(model.Problem.Length > 0, () => $"""<p class="note bad" role="alert">{model.Problem}</p>""")}
            {(config is null ? Html.None : Parts(view, config, token))}
            <div class="columns">
            {(config is null ? Html.None : Errors(config))}
            <section class="card" aria-labelledby="files-title"><h2 id="files-title">Files</h2>{Files(model)}</section>
            </div>
            {Html.If(view.Card is not null, () => $"{Card(view.Card!)}")}
            """))
        {
            Place = "/models", Status = view.Trial?.Outcome.Status ?? StatusCodes.Status200OK,
        };
    }

    private static IHtmlContent Parts(ModelView view, ModelConfig config, WebToken token) => Html.Of($"""
        {Head(view.Model, config)}{PlotCard.Of(view.Model, view.Plot)}{Try(view, token)}{Streams(view)}{Columns(config)}
        """);

    private static IHtmlContent Card(string text) => Html.Of($"""
        <section class="card model-card" aria-labelledby="card-title"><h2 id="card-title">Model card</h2>
        {MarkdownText.Of(text)}</section>
        """);

    private static IHtmlContent Head(ModelEntry model, ModelConfig config) => Html.Of($"""
        <dl class="figures">
        <div><dt>Network</dt>
        <dd>{config.Cell.ToUpperInvariant()}
        <small>{Text.Plural(config.Layers, config.LayerNoun)} of {Text.Plural(config.HiddenSize, "unit")}</small></dd></div>
        <div><dt>Trained</dt>
        <dd>{Text.Count(config.Epochs)}
        <small>{(config.Epochs == 1 ? "epoch" : "epochs")}, {Text.Plural(config.Steps, "step")}</small></dd></div>
        <div><dt>Training loss</dt><dd>{Words.Figure(config.TrainingLoss)} <small>{config.Loss}</small></dd></div>
        <div><dt>Validation loss</dt>
        <dd>{Words.Figure(config.ValidationLoss)}{Test(config)}</dd></div>
        </dl>
        {Html.If(config.Data.Length > 0, () => $"""<p class="dim">Data: {config.Data}</p>""")}
        <p class="dim">Written {Words.Time(model.Written)} by Orleans.Tbptt {config.Product},
        {ModelsPage.Size(model.Bytes)}{Origin(model, config)}</p>
        """);

    private static IHtmlContent Test(ModelConfig config) =>
        Html.If(config.TestLoss is not null, () => $" <small>test {Words.Figure(config.TestLoss)}</small>");

    private static IHtmlContent Origin(ModelEntry model, ModelConfig config) =>
        Html.If(config.Run != model.Name, () => $", trained as run {config.Run}");

    private static IHtmlContent Columns(ModelConfig config) => Html.Of($"""
        <section class="card" aria-labelledby="columns-title"><h2 id="columns-title">Columns</h2>{ColumnTable.Of(config.Columns)}</section>
        """);

    private static IHtmlContent Errors(ModelConfig config)
    {
        var errors = HeldOutTable.Figures(config.Metrics);
        return Html.Of($"""
            <section class="card" aria-labelledby="errors-title"><h2 id="errors-title">Errors</h2>
            {(errors == Html.None ? Html.Of($"""<p class="dim">No held-out data have been evaluated.</p>""") : errors)}</section>
            """);
    }

    private static IHtmlContent Try(ModelView view, WebToken token) => view.Inputs.Problem.Length == 0
        ? TryItForm.Of(view.Model, view.Inputs, view.Trial, token)
        : Html.Of($"""
            <section class="card" aria-labelledby="try-title"><h2 id="try-title">Try it</h2>
            <p>{view.Inputs.Problem}{Html.If(view.Model.Config!.Targets.Count == 0, () => Sampled(view.Model.Name))}</p></section>
            """);

    private static FormattableString Sampled(string model) =>
        $" <code>tbptt sample {model} --prompt TEXT</code> continues a text, if it is one of tokens.";

    private static IHtmlContent Streams(ModelView view) => view.Inputs.StreamProblem.Length > 0 && view.Streams.List is { Count: 0 }
        ? Html.Of($"""
            <section class="card" aria-labelledby="streams-title"><h2 id="streams-title">Streams</h2>
            <p class="dim">{view.Inputs.StreamProblem}</p></section>
            """)
        : StreamsCard.Of(view.Streams, view.Page, Html.Of($"""
            <p class="dim">A stream sends each row once, as it comes, and is answered with the forecasts from it:
            <code>POST /api/models/{view.Model.Name}/streams/ID</code> with
            <code>{$$"""{"first": 1, "rows": [{{view.Inputs.StreamRow}}]}"""}</code></p>
            """));

    private static IHtmlContent Files(ModelEntry model)
    {
        var head = Html.Of($"""<th scope="col">File</th><th scope="col">Size</th><th scope="col" class="wide">Bytes</th>""");
        return Html.Of($"""
            {Words.Table("Files", head, Html.Each(model.Files, File))}
            {(model.Config is not { } config ? Html.None : Hashes(config.Hashes))}
            <p><code>tbptt export {model.Name} --to DIR</code> writes all of them. <a href="/api/models/{model.Name}">JSON</a></p>
            """);

        FormattableString File(ModelFile file) => $"""
            <tr><th scope="row"><a href="/api/models/{model.Name}/files/{file.Name}" download>{file.Name}</a></th>
            <td class="figure">{ModelsPage.Size(file.Bytes)}</td><td class="wide figure">{Text.Count(file.Bytes)}</td></tr>

            """;
    }

    private static IHtmlContent Hashes(ModelHashes hashes) => Html.Of($"""
        <dl class="hashes"><div><dt>Weights, SHA-256</dt><dd><code>{hashes.Weights}</code></dd></div>
        <div><dt>Spec</dt><dd><code>{hashes.Spec}</code></dd></div><div><dt>Data</dt><dd><code>{hashes.Data}</code></dd></div></dl>
        """);
}

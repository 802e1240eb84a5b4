// Where the call page begins: its styles, and the application in its place.

import { render } from 'preact';

import { App } from './app.tsx';
import '../theme.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/home.css';
import './styles/call.css';
import './styles/ringing.css';

const place = document.getElementById('app');
if (place !== null) render(<App />, place);
